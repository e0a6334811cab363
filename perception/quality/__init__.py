"""The checks of candles before the loop sees them: grid, flaws, collar, continuity."""
