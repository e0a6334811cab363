"""Alerts of a home: the watch over its agents, and the deliveries, each in a thread of its own."""
