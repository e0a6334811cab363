"""Candles of the past: files, catalogue, flaws, resampling."""
