"""Articles from files that arrive in a directory."""
