"""The agents of the home, each with its journal, found again and again."""
