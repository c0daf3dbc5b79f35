"""Formats of news agencies as raw articles."""
