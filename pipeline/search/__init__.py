"""Edge: the search service: an index of the standing articles, queries, and a page."""
