"""Edge: what operators do to a cluster: topics, lag, producing, reading, a local broker."""
