"""The agents of a home over HTTP: an API with a live stream, a dashboard, metrics and work beside them."""
