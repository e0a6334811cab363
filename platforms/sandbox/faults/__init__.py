"""The faults of the sandbox, struck by a plan."""
