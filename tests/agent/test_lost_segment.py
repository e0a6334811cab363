"""The emergency stop where the archived beginning of the session is lost: it sells all the same."""

import shutil
from pathlib import Path

from agent.account.client import AccountClient
from agent.cli.handlers.archive import archived
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.space.archive import KeptRows
from platforms.sandbox.server.server import SandboxServer
from tests.agent import test_unjournaled as stops

exchange = stops.exchange


def test_a_lost_segment_with_the_sessions_start_holds_no_stop_back(
    tmp_path: Path, exchange: SandboxServer
) -> None:
    home = tmp_path / "home"
    stops.hold(stops.settings(home, tmp_path, exchange), exchange)
    client = AccountClient(Home(home), "drill")
    report = archived(client, KeptRows(rows=10), SystemClock().now(), size=10)
    assert report.archived >= 10
    shutil.rmtree(Home(home).segments("drill"))
    told = stops.stopped(home, tmp_path)
    assert told["flat"], told
    assert stops.bitcoin(exchange) == 0
