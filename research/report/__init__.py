"""A result as one page, with nothing beside it."""
