"""The commands that this distribution adds to `news-pipeline`."""
