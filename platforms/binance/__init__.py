"""The Binance spot exchange, and whatever speaks as it does."""
