"""One GET under a deadline, and JSON read without benefit of the doubt."""
