"""What a soak is held to: evidence in, verdicts out."""
