"""Train and measure the models: read corpora, write weights and tables."""
