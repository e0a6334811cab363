"""Candles from a market stream that may be cut at any time, with REST for what it did not tell."""
