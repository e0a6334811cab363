"""Markets that say themselves what time it is: recorded and simulated."""
