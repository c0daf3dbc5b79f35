"""Values as bytes and back: topics, codecs, headers, dead letters, schema validation."""
