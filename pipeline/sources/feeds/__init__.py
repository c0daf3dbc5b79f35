"""`news-pipeline source feeds`: feeds, sitemaps and the pages that they link to."""
