"""What a result is worth in figures, each by a named formula."""
