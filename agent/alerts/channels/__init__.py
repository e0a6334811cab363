"""The channels: webhooks, e-mail, and through apprise whatever else there is."""
