"""The sandbox exchange: Binance Spot's protocols on loopback, played by a market of your own, with faults to order."""
