"""Trading platforms: the paper exchange, Binance, the sandbox exchange, and the fill rules."""
