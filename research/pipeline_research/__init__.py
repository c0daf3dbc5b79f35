"""Training and evaluation of the pipeline's models; a distribution of its own that workers never have."""
