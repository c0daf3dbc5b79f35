"""The vocabulary of the pipeline: frozen values, no behaviour beyond them."""
