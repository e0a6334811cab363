"""What an agent is told to do: settings from file, variables and flags, and the home they lie in."""
