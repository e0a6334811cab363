"""Many threads at once, each time in another order."""
