"""The built-in strategies, one module each, and the list of them."""
