"""The agent's state: the fold of its journal, live and after any restart."""
