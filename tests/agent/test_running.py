"""Speed of safety: what a command imports before it has told a running agent, or stopped without one."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.account.client import AccountClient
from agent.account.control import ControlServer
from agent.account.opened import LATER, OpenedAccount
from agent.account.remembered import NAME
from agent.account.requests import Request
from agent.settings.home import Home
from domain.commands import Kill
from domain.events import CommandAnswered, CommandReceived, KillSwitchSet
from domain.replies import Flattened, KillSwitch, Reply
from journal.reader import open_reader
from journal.sql import open_journal
from tests.agent.command import environment
from tests.agent.world import lively

HEAVY = (
    "sqlalchemy",
    "pydantic_settings",
    "structlog",
    "requests",
    "binance",
    "rich",
    "numpy",
    "agent.account.client",
    "agent.account.opening",
)
LOOK = (
    "import json, sys\n"
    "from agent.cli import main\n"
    "try:\n"
    "    main()\n"
    "except SystemExit as left:\n"
    "    print(json.dumps([left.code, sorted(sys.modules)]), file=sys.stderr)\n"
)


def imported(home: Path, *words: str) -> tuple[int, set[str], str]:
    """Return the exit code of a command, the modules it imported, and what it printed."""
    run = subprocess.run(
        [sys.executable, "-c", LOOK, *words],
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(run.stderr.splitlines()[-1])
    return code, set(modules), run.stdout


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Home]:
    """Someone who holds an account and answers at its socket, as a running agent does."""
    home = Home(tmp_path)
    home.make()
    home.journal("paper").touch()
    home.remember("paper")
    flat = Flattened(flat=True, orders=(), positions={}, dust={}, problems=())

    def serve(request: Request) -> Reply:
        return KillSwitch(kill_switch=request.reason) if isinstance(request, Kill) else flat

    server = ControlServer(home.control("paper"), serve)
    with home.lock("paper"):
        server.start()
        try:
            yield home
        finally:
            server.close()


@pytest.mark.parametrize("command", ["kill", "flatten"])
def test_a_running_agent_is_told_before_anything_heavy_is_imported(running: Home, command: str) -> None:
    code, modules, said = imported(running.root, command, "--reason", "smoke")
    assert code == 0
    assert "thrown" in said
    assert not modules.intersection(HEAVY)


def test_a_kill_without_an_agent_needs_the_journal_s_last_row_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    open_journal(home.journal("paper"), "ab" * 6).close()
    home.remember("paper")
    code, modules, said = imported(home.root, "kill", "--reason", "smoke")
    assert code == 0
    assert "kill switch thrown: smoke" in said
    more = {"agent.state.state", "perception", "reasoning", "platforms"}
    assert not modules & (more.union(HEAVY) - {"sqlalchemy"})
    with open_reader(home.journal("paper")) as journal:
        received, thrown, answered = (row.event for row in journal.tail(3))
        assert isinstance(received, CommandReceived)
        assert (received.command.reason, received.command.by) == ("smoke", "operator")
        assert isinstance(thrown, KillSwitchSet)
        assert thrown.reason == "smoke"
        assert answered == CommandAnswered(thrown.at, received.command.key, KillSwitch(kill_switch="smoke"))


UNREAD = {
    *HEAVY, "typer", "asyncio", "tenacity", "agent.wiring.markets", "agent.wiring.providers",
    "agent.loop.cycle", "agent.orders", "agent.account.asking", "agent.host.log_file", "difflib", "email",
    "html", "importlib.metadata", "platformdirs", "tempfile", "zipfile",
}  # fmt: skip
"""What no command needs that tells of a journal at rest."""


@pytest.mark.parametrize("words", ["status", "positions", "why 2 --json", "journal tail -n 3"])
def test_a_journal_at_rest_is_told_of_without_what_trades_or_reads_commands(
    tmp_path: Path, words: str
) -> None:
    with OpenedAccount(lively(home=tmp_path, journal="paper", cycles=3)) as launch:
        launch.run()
    slow = AccountClient(Home(tmp_path), "paper")
    code, modules, said = imported(tmp_path, *words.split())
    assert code == 0
    assert not modules & UNREAD
    light = words != "why 2 --json"
    assert not (light and modules & {"pydantic", "reasoning"})
    if not light:
        assert json.loads(said) == msgspec.to_builtins(slow.explained(2))
    (Home(tmp_path).checkpoints("paper") / NAME).unlink()  # as after a session that was killed
    code, modules, again = imported(tmp_path, *words.split())
    assert (code, again) == (0, said)
    assert not modules & UNREAD


NOT_NEEDED = (
    "aiohttp", "numpy", "numba", "polars", "textblob", "alpha_vantage", "rich", "dateparser.date",
    "sqlalchemy.dialects.postgresql",
)  # fmt: skip


def test_a_stop_without_an_agent_imports_nothing_that_it_does_not_use() -> None:
    """All of the emergency stop and its exchange: half a second of processor was for other things."""
    look = (
        "import json, sys\n"
        "import agent.account.opening, platforms.binance.platform\n"
        "print(json.dumps(sorted(sys.modules)))\n"
        "import binance\n"
        "assert binance.AsyncClient is sys.modules['binance.async_client'].AsyncClient, 'whole when used'\n"
    )
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert not set(json.loads(run.stdout)).intersection(NOT_NEEDED)


@pytest.mark.parametrize("process", ["agent.serve.process", "agent.mcp.server"])
def test_who_stops_accounts_for_long_has_imported_the_stop_before_it_begins(process: str) -> None:
    look = f"import json, sys, {process}\nprint(json.dumps(sorted(sys.modules)))\n"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert {"agent.account.opened", "agent.wiring.sessions", *LATER} <= set(json.loads(run.stdout))
