"""Settings from file, variables and flags, and the home they lie in."""
