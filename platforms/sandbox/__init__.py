"""The sandbox exchange: Binance Spot's protocols on loopback, with a market and faults of your own."""
