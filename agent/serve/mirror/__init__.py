"""A journal's mirror: the same rows in a file that the server alone writes, beside tables to ask."""
