"""The memory of the fold: row store, byte ring, interner, LSH index, and their snapshot."""
