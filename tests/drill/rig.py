"""A sandbox exchange of a test's own, and real agents on it that are forked, of one thread, and killed."""

import faulthandler
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.drill import processes
from agent.drill.processes import Control
from agent.drill.scenario import options, write_candles
from agent.settings.settings import Options
from domain.events import OrderReported
from domain.order import OrderStatus
from journal.reader import open_reader
from tests.agent import warm

IMPORTED = ("agent.drill.case",)
SECONDS = 150.0
"""How long a child may take on a machine with other work; a second or two on one without."""


def apart(
    log: Path, function: Callable[..., object], *given: Any, meanwhile: Callable[[], None] = lambda: None
) -> int:
    """Run a function in a child to its end and return its exit code; `meanwhile` is called until then."""
    until = time.monotonic() + SECONDS
    with log.open("ab", buffering=0) as out, closing(begun(out, function, *given)) as child:
        while time.monotonic() < until:
            if (code := child.code(processes.LOOK_SECONDS)) is not None:
                return code
            meanwhile()
    raise AssertionError(f"it hangs: {log.read_text()[-5000:]}")


def begun(out: Any, function: Callable[..., object], *given: Any) -> warm.Started:
    """Start a function in a child."""
    return warm.call(function, *given, log=out, imported=IMPORTED)


def telling(function: Callable[..., object], *given: Any) -> None:
    """Do it; where it hangs, the log tells in time what each thread is at. It must not fork after this."""
    faulthandler.dump_traceback_later(SECONDS - 10)
    function(*given)


def serve(folder: Path) -> None:
    """Be the parent of an exchange, which ends with it, and write where it is."""
    child, port = processes.exchange(folder)
    (folder / "port.part").write_text(str(port))
    (folder / "port.part").rename(folder / "port")
    os.waitpid(child, 0)


class Rig(NamedTuple):
    """An exchange of this test's own, and the settings of an agent on it."""

    folder: Path
    port: int
    control: Control
    options: Options

    def agent(
        self, do: Callable[..., object], *given: Any, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        log = self.folder / "agent.log"
        code = apart(log, telling, do, *given, meanwhile=meanwhile)
        assert code in (0, -9), f"{code}: {log.read_text()[-5000:]}"

    def run(self, fuse: str = "0", meanwhile: Callable[[], None] = lambda: None) -> None:
        self.agent(processes.run_agent, self.options, self.port, fuse, meanwhile=meanwhile)

    def settled(self) -> dict[str, Any]:
        told = self.folder / "told.json"
        self.agent(processes.settle_agent, self.options, told)
        return dict(json.loads(told.read_text()))

    def statuses(self, client_id: str | None = None) -> list[OrderStatus]:
        with open_reader(self.folder / "home" / "journals" / "drill.db") as journal:
            told = [row.event.receipt for row in journal.rows() if isinstance(row.event, OrderReported)]
        return [each.status for each in told if client_id in (None, each.client_id)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    data = tmp_path / "BTC-USDT_1m.csv"
    write_candles(data)
    with (
        (tmp_path / "venue.log").open("wb", buffering=0) as out,
        closing(begun(out, serve, tmp_path)) as venue,
    ):
        while not (tmp_path / "port").exists():
            assert venue.code(0.01) is None, (tmp_path / "venue.log").read_text()
        port = int((tmp_path / "port").read_text())
        made = options(tmp_path / "home", data, f"http://127.0.0.1:{port}", processes.key_of(tmp_path))
        waits = {"recv_window_ms": 2_000, "margin_ms": 0, "timeout_seconds": 3.0}  # also on a busy machine
        patient = made.exchange.model_copy(update=waits)
        with closing(Control(port)) as control:
            yield Rig(tmp_path, port, control, made.model_copy(update={"exchange": patient}))
