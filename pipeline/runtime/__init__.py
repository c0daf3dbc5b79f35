"""Edge: one worker process: its composition, the runner, the services, the folded logs, leases and commits."""
