"""Strands of work: what has one name is done in order, and different names do not wait for each other."""

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], None]


class Strands:
    """Does work in threads that last as long as there is some. `failed` is told of what a piece raises."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self.failed = failed
        self._waiting: dict[str, deque[Work]] = {}
        self._changed = threading.Condition()

    def submit(self, name: str, work: Work, most: int | None = None) -> bool:
        """Have a piece of work done behind what waits under a name; False where `most` wait there already."""
        with self._changed:
            waiting = self._waiting.get(name)
            if waiting is not None:
                if most is not None and len(waiting) >= most:
                    return False
                waiting.append(work)
                return True
            self._waiting[name] = deque([work])
        threading.Thread(target=self._run, args=(name,), name=f"boyd-chat {name}", daemon=True).start()
        return True

    def _run(self, name: str) -> None:
        while True:
            with self._changed:
                waiting = self._waiting[name]
                if not waiting:
                    del self._waiting[name]
                    self._changed.notify_all()
                    return
                work = waiting.popleft()
            try:
                work()
            except Exception as fault:  # noqa: BLE001 -- one command's fault is no end of the others
                self.failed(fault)

    def wait(self, seconds: float, beginning: str = "") -> bool:
        """Wait until nothing is done under names that begin so; False where something still is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(name.startswith(beginning) for name in self._waiting), seconds
            )
