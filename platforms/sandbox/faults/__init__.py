"""What may go wrong in the sandbox, and when, from a plan."""
