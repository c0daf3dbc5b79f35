"""Pure: signatures of articles: normalised text, shingles, MinHash sketches."""
