"""Edge: what is seen of a worker from outside: metrics, health, progress, the watchdog and logs."""
