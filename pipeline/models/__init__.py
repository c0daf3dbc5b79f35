"""Language and subject models: loading and inference. Their weights are package data."""
