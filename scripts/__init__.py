"""Programs beside the product: each runs by its path, `python scripts/soak/command.py`."""
