"""Trained models: the registry of their versions, the gate they pass, and those in force."""
