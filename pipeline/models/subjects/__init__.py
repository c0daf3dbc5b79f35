"""Subjects: two readers of a text, one calibration of their answers, and the subjects that follow."""
