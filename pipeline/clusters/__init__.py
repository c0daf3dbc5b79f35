"""Pure: clusters of articles, folded from the log of verdicts."""
