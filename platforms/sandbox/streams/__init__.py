"""What the sandbox pushes: market streams and the account's events."""
