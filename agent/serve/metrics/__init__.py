"""Metrics in the Prometheus format, read at each scrape from what the server holds anyway."""
