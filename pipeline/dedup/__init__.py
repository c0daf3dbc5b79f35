"""Deduplication: signatures of articles, and the fold that turns a log of them into verdicts."""
