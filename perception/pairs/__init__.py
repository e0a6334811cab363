"""Pair lists: which of the configured symbols may be entered now, by what exchange or candles say of each."""
