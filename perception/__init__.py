"""Observe: providers, the guard around each, the fallback chain and the quality of what was seen."""
