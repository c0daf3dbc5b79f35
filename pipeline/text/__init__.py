"""Pure text functions that stages are built from."""
