"""Edge: the alert service: saved queries, their matching against events, notifications and where they are sent."""
