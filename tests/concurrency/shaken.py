"""Threads whose turns come at random: a tracer lets go of the processor between lines of our own code.

The seed decides where each thread lets go; what the others do meanwhile is the system's choice. So one
seed is a way of shaking, not one schedule, and every run tries another.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from tests.shared import ROOT

OURS = ("advice", "agent", "domain", "journal", "learning", "perception", "platforms", "risk")
ROOMS = tuple(f"{ROOT / room}/" for room in OURS)
LET_GO, LONGER = 0.2, 0.02
"""Shares of lines after which a thread lets go, and of those after which it waits a moment."""
PATIENCE_SECONDS = 60.0


class Shaken:
    """Runs work in threads of its own; the first thing that goes wrong in any of them is raised."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.faults: list[BaseException] = []

    def run(self, *work: Callable[[], object]) -> None:
        """Start everything together and wait for its end. Raises what a thread raised."""
        gate = threading.Barrier(len(work))
        threads = [
            threading.Thread(target=self._one, args=(number, gate, each), daemon=True)
            for number, each in enumerate(work)
        ]
        for thread in threads:
            thread.start()
        due = time.monotonic() + PATIENCE_SECONDS
        for thread in threads:
            thread.join(max(due - time.monotonic(), 0.0))
        assert not any(thread.is_alive() for thread in threads), "a thread hangs"
        if self.faults:
            raise self.faults[0]

    def _one(self, number: int, gate: threading.Barrier, work: Callable[[], object]) -> None:
        chance = random.Random(f"{self.seed}/{number}")
        gate.wait()
        sys.settrace(_tracer(chance))
        try:
            work()
        except BaseException as fault:  # noqa: BLE001  # whatever a thread meets fails the test
            self.faults.append(fault)
        finally:
            sys.settrace(None)


def _tracer(chance: random.Random) -> Callable[[FrameType, str, Any], Any]:
    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line" and chance.random() < LET_GO:
            time.sleep(1e-4 if chance.random() < LONGER else 0)
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(ROOMS) else None

    return call


def times(count: int, work: Callable[[], object]) -> Callable[[], None]:
    """Return work that does something many times."""

    def repeat() -> None:
        for _ in range(count):
            work()

    return repeat


def dealt(items: Sequence[Any], hands: int) -> list[Sequence[Any]]:
    """Deal items to hands in turn."""
    return [items[hand::hands] for hand in range(hands)]
