"""The live path on loopback, measured beside its floors."""
