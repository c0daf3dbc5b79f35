"""From an HTML page to its article: one parse, then metadata and main text from the same tree."""
