"""A sandbox exchange of a test's own, and real agents on it that are forked and killed."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.account.opened import OpenedAccount
from agent.drill import processes
from agent.drill.processes import Control
from agent.drill.scenario import options, write_candles
from agent.host.failpoints import VARIABLE
from agent.settings.settings import Options
from domain.commands import AdoptAccount
from domain.events import OrderReported
from domain.order import OrderStatus
from journal.reader import open_reader


class Rig(NamedTuple):
    """An exchange of this test's own, and the settings of an agent on it."""

    folder: Path
    port: int
    control: Control
    options: Options

    def agent(self, do: Callable[[], Any], meanwhile: Callable[[], None] = lambda: None) -> None:
        log = self.folder / "agent.log"
        child = processes.forked(do, log)
        code = processes.wait(child, processes.RUN_SECONDS, meanwhile)
        assert code in (0, -9), f"{code}: {log.read_text()[-500:]}"

    def run(self, fuse: str = "0", meanwhile: Callable[[], None] = lambda: None) -> None:
        self.agent(lambda: processes.run_agent(self.options, self.port, fuse), meanwhile)

    def settled(self) -> dict[str, Any]:
        told = self.folder / "told.json"
        self.agent(lambda: processes.settle_agent(self.options, told))
        return dict(json.loads(told.read_text()))

    def statuses(self, client_id: str | None = None) -> list[OrderStatus]:
        with open_reader(self.folder / "home" / "journals" / "drill.db") as journal:
            told = [row.event.receipt for row in journal.rows() if isinstance(row.event, OrderReported)]
        return [each.status for each in told if client_id in (None, each.client_id)]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    data = tmp_path / "BTC-USDT_1m.csv"
    write_candles(data)
    venue, port = processes.exchange(tmp_path)
    control = Control(port)
    made = options(tmp_path / "home", data, f"http://127.0.0.1:{port}", processes.key_of(tmp_path))
    waits = {"recv_window_ms": 2_000, "margin_ms": 0, "timeout_seconds": 3.0}  # also on a busy machine
    patient = made.exchange.model_copy(update=waits)
    try:
        yield Rig(tmp_path, port, control, made.model_copy(update={"exchange": patient}))
    finally:
        control.close()
        processes.stop(venue)


def adopt(made: Options) -> None:
    """Take the account over, as the runbook has it after a restored backup."""
    os.environ.pop(VARIABLE, None)
    with OpenedAccount(made) as launch, launch.session.once("adopted: restored"):
        launch.handler.handle(AdoptAccount(reason="restored"))
