"""Peak memory of this process and its children together, memory they share counted once."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

EVERY_SECONDS = 0.02


@dataclass
class Peak:
    """The most memory seen so far, in MB."""

    most: float = 0.0


@contextmanager
def sampled() -> Generator[Peak, None, None]:
    """Watch memory while a block runs, fifty times a second."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        me = psutil.Process()
        while not over.wait(EVERY_SECONDS):
            total = 0
            for each in (me, *me.children(recursive=True)):
                with suppress(psutil.Error):
                    total += each.memory_full_info().pss
            peak.most = max(peak.most, total / 2**20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
