"""Signatures of articles: normalised text, shingles and MinHash sketches."""
