"""The judgement of a soak: evidence in, verdicts out."""
