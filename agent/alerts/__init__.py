"""Alerts: what people are told, by which rules, over which channels, once and in order."""
