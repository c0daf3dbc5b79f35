"""Edge: where raw articles come from when they do not come from Kafka."""
