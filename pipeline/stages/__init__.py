"""The processing steps, one module each: pure, batch-first and independent of their place in the chain."""
