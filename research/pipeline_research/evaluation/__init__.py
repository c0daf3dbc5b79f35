"""Measure the pipeline on labelled data, and compare it with other tools."""
