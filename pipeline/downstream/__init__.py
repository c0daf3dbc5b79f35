"""Edge: what the services that consume events have in common: reading, state beside offsets, process, web server."""
