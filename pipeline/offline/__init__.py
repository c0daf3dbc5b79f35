"""Edge: the whole chain over records of any source, without a broker."""
