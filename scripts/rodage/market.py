"""The minutes of a rodage's market: waves under seeded noise, so that there is something to trade."""

import math
import random
from pathlib import Path

from scripts.rodage.plan import MINUTE_MS, Plan

WARMUP = 100


def write_candles(path: Path, plan: Plan, seed: int) -> None:
    """Write the candles of all days, and some before them to warm up on."""
    chance = random.Random(seed)
    lines = ["timestamp,open,high,low,close,volume"]
    before, drift = 50_000.0, 0.0
    for number in range(-WARMUP, plan.minutes):
        drift = 0.999 * drift + chance.gauss(0, 12)
        close = 50_000 * (1 + 0.012 * math.sin(number / 31)) + drift
        high, low = max(before, close) + chance.random() * 9, min(before, close) - chance.random() * 9
        time = plan.start_ms + number * MINUTE_MS
        lines.append(f"{time},{before:.2f},{high:.2f},{low:.2f},{close:.2f},{50 + 50 * chance.random():.3f}")
        before = close
    path.write_text("\n".join(lines) + "\n")
