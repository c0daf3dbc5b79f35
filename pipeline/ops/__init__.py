"""Edge: operations on a cluster: topics, access, lag, producing, dead letters, replays, and the embedded broker."""
