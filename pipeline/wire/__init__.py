"""Bytes to values and back: codecs, headers, dead letters, schema validation."""
