"""Pure: the fold's memory: rows, strings of any length, the LSH index, and their snapshot."""
