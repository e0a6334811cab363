"""Many trials: sweeps, studies and walk-forwards, and who carries them out."""
