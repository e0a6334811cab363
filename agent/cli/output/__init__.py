"""Terminal output: streams, live view, progress, tables."""
