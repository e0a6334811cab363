"""The loop's own rules over whole series, compiled: signals, then the account."""
