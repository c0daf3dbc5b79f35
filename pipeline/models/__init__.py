"""Language and subject models: loading and inference; weights are package data."""
