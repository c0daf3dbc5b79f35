"""Edge: the whole chain over records from anywhere, with no broker at all."""
