"""Clusters of articles, folded from the log of verdicts."""
