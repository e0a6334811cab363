"""Tools for an assistant over the Model Context Protocol: reading, timed work, and one guarded kill."""
