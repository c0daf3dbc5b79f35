"""Training and measuring the models: reads corpora, writes weights and tables. Workers never import it."""
