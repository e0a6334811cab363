"""The doctor's checks of an installation, and the preflight of an exchange account."""
