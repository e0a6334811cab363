"""What every test shares: Hypothesis without wall-clock limits, for machines differ."""

from hypothesis import HealthCheck, settings

settings.register_profile("boyd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("boyd")
