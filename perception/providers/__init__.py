"""Venues that are asked over the network, each in its own module; an answer comes in as text."""
