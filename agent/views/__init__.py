"""A session as plain values for whoever looks on: status, history, trades, events."""
