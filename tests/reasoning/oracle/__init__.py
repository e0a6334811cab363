"""The built-in strategies as they were written by hand, before they were declared: what those must equal."""
