"""The guard around a provider: deadline, retries, budget, breaker and cache."""
