"""What strategies are made of: flat memories, indicators, features, levels and structure."""
