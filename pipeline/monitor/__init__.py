"""The monitor: one process that asks the brokers about groups and logs, and learns the rhythm of sources."""
