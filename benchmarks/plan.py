"""The plan of a run of the benchmarks."""

import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.candles import Candles


class Plan(NamedTuple):
    """Cycles a pass, cycles of the memory run, passes, the candles and the disk the journals lie on."""

    cycles: int
    long_cycles: int
    passes: int
    candles: Candles
    disk: Path | None

    def say(self, text: str) -> None:
        """Tell whoever waits what is being measured."""
        print(f"measuring {text}", file=sys.stderr)
