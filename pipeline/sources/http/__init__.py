"""Articles that producers push over HTTP."""
