"""Edge: raw records, and data files for stages, from files instead of Kafka."""
