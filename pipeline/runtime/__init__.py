"""Edge: the faust application, its transport, the runner, health, metrics and logs."""
