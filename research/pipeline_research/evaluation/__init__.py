"""Edge: how good the pipeline's work is on labelled data, beside other tools."""
