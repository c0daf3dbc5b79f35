"""Training and evaluation of the pipeline's models; a separate distribution, which workers do not need."""
