"""A soak's report for people and machines."""
