"""Reports over a period: what an account earned, what it cost, how its agent ran, and its backtest."""
