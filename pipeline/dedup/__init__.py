"""Signatures of articles and the state machine that folds a log of them into verdicts."""
