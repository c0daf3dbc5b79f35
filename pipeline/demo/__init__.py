"""Edge: the whole pipeline on one machine for a minute: an embedded broker, one worker, the samples, a screen."""
