"""A copy of each journal, made to be asked: rows as they are, and tables of what people look for."""
