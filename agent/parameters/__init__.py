"""Versions of the strategies' parameters and the evidence they rest on."""
