"""Articles from another topic."""
