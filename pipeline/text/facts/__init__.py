"""Facts of an article that its next version and its copies are compared by: names, negations, dates, stated notes."""
