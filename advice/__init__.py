"""Ask models for advice: within a budget, once, outside every lock, and never for an exit."""
