"""The sandbox's streams: market streams and the account's events."""
