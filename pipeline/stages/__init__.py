"""The processing steps, one module each; pure, batch-first, unaware of their place in the chain."""
