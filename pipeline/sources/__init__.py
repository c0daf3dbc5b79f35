"""Edge: where raw records come from when it is not Kafka."""
