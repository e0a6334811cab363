"""What an agent knows: the fold of its journal, live and after any restart."""
