"""Edge: raw records, and data files for stages, from files; and the services that write raw records to Kafka."""
