"""Explanations of cycles: the reasons for a decision, and the facts that would have turned it."""
