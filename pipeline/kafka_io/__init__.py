"""Edge: everything that touches faust and aiokafka: transport, fetching, transactions, producers, security."""
