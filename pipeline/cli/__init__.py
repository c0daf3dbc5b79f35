"""Edge: the `news-pipeline` command, one module per command group."""
