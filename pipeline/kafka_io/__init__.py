"""Edge: the only package that imports faust and aiokafka. Transport, fetching, transactions, producers, security."""
