"""The work of `agent backtest`: run it, tell it as an answer or in lines."""
