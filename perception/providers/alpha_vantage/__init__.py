"""Alpha Vantage: its documents, its refusals and its news."""
