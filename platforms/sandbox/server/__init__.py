"""The sandbox on a socket of loopback."""
