"""Raw records from WARC archives."""
