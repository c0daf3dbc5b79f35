"""Stories: the articles about one event, in any language, folded from the log of sketches."""
