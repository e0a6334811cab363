"""What a terminal shows: streams, live view, progress, tables."""
