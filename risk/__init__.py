"""The gate between a decision and an order: ordered rules, limits, sizing and the kill switch. Pure."""
