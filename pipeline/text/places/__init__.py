"""Places that a text names: tables of names, their matching, and what decides between several meanings."""
