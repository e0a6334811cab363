"""What candles go through before the loop sees them: grid, checks, collar, continuity."""
