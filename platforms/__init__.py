"""Where orders are carried out: the paper exchange, its fill rules and its settings."""
