"""The backtest that is the loop, and what it takes to tell an edge from an overfit."""
