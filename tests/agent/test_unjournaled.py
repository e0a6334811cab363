"""The emergency stop with its journal out of reach, as real processes: a full disk, a frozen server."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from agent.account.client import AccountClient
from agent.account.opened import OpenedAccount
from agent.drill.processes import Control, Coupled
from agent.drill.scenario import SYMBOL, options, write_candles
from agent.host.clock import SystemClock
from agent.host.process import place
from agent.loop.inbox import NotRunning
from agent.settings.home import Home
from agent.settings.settings import Options
from domain.commands import Flatten
from domain.errors import JournalFault
from domain.events import Event
from journal.accounts import accounts, namespace
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer
from tests.agent.command import agent
from tests.journal import postgres_server as on_server
from tests.shared import within

postgres_server = on_server.postgres_server

KEY = "drill-unjournaled"
KEYS = {"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": KEY}
PLENTY = 10**6


@pytest.fixture
def exchange() -> Iterator[SandboxServer]:
    made = SandboxOptions(
        symbols=(SYMBOL,),
        prices={SYMBOL: "50000"},
        key=KEY,
        secret=KEY,
        weight_limit=PLENTY,
        orders_limit=PLENTY,
    )
    with SandboxServer(SystemClock(), made) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home on a disk of its own that is quickly full."""
    place = tmp_path / "home"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(home: Path, *, reserve: bool = True) -> Path:
    """Write until the disk is full; return the file that has to go."""
    if not reserve:
        (home / "journals" / ".reserve").unlink()
    filler = home / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (65536, 512, 1):
            try:
                while True:
                    out.write(bytes(size))
            except OSError:
                continue
    return filler


def settings(home: Path, tmp_path: Path, exchange: SandboxServer, url: str = "") -> Options:
    data = tmp_path / "BTC-USDT_1m.csv"
    write_candles(data)
    made = options(home, data, exchange.base_url, KEY)
    return made.model_copy(update={"db_url": SecretStr(url), "journal": None}) if url else made


def own(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), **KEYS, **more}


@contextmanager
def opened(made: Options, exchange: SandboxServer) -> Iterator[OpenedAccount]:
    control = Control(exchange.port)
    try:
        with OpenedAccount(made) as launch:
            cycle = launch.session.cycle
            cycle.observer = Coupled(cycle.observer, control)
            yield launch
    finally:
        control.close()


def when_held(launch: OpenedAccount, do: Callable[[], object]) -> None:
    """Have something done as soon as a position is held."""
    done: list[bool] = []

    def look(_event: Event) -> None:
        if launch.session.state.ledger.resting(SYMBOL) and not done:
            done.append(True)
            do()

    launch.session.listeners.append(look)


def hold(made: Options, exchange: SandboxServer) -> None:
    """Run until a position is held with its stop, and end there."""
    with opened(made, exchange) as launch:
        when_held(launch, launch.inbox.stop)
        launch.run()
        assert launch.session.state.ledger.positions
    assert bitcoin(exchange) > 0


def bitcoin(exchange: SandboxServer) -> float:
    """Return what the exchange itself holds for us, free or behind an order, beyond a lot."""
    account = exchange.exchange.account
    return float(account.free.get("BTC", 0) + account.locked.get("BTC", 0)) // 0.00001


def stop_running(launch: OpenedAccount) -> Any:
    return msgspec.to_builtins(launch.handler.handle(Flatten(reason="stop")))


def stopped(home: Path, tmp_path: Path, **env: str) -> Any:
    done = agent(home, "flatten", "--reason", "stop", "--json", check=None, env=own(tmp_path, **env))
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def agrees(home: Path, tmp_path: Path, **env: str) -> None:
    """The next command takes in what was done, and the account agrees with the exchange to the unit."""
    found = agent(home, "reconcile", "--json", env=own(tmp_path, **env))
    assert json.loads(found.stdout)["in_line"]
    status = json.loads(agent(home, "status", "--json", env=own(tmp_path, **env)).stdout)
    assert status["positions"] == []
    assert status["account"]["kill_switch"] == "stop"
    agent(home, "journal", "verify", env=own(tmp_path, **env))
    assert not list((home / "journals").glob("*.afterwards.jsonl*"))


def test_b9_a_full_disk_does_not_hold_the_stop_back(
    tmp_path: Path, home: Path, exchange: SandboxServer
) -> None:
    hold(settings(home, tmp_path, exchange), exchange)
    filler = fill(home)
    told = stopped(home, tmp_path)
    assert told["flat"], told
    assert bitcoin(exchange) == 0
    assert "nothing of this could be journaled" in told["unjournaled"]
    again = stopped(home, tmp_path)
    assert again["flat"], "a second stop goes on where the first one ended"
    filler.unlink()
    agrees(home, tmp_path)


def test_b9_without_any_room_at_all_it_sells_and_says_that_nothing_is_kept(
    tmp_path: Path, home: Path, exchange: SandboxServer
) -> None:
    hold(settings(home, tmp_path, exchange), exchange)
    filler = fill(home, reserve=False)
    told = stopped(home, tmp_path)
    assert told["flat"], told
    assert bitcoin(exchange) == 0
    assert "could not be kept" in told["unjournaled"]
    filler.unlink()
    differs = agent(home, "reconcile", "--json", check=1, env=own(tmp_path))
    assert json.loads(differs.stdout)["differences"]
    agent(home, "reconcile", "--adopt", "--reason", "sold in the emergency", env=own(tmp_path))
    assert json.loads(agent(home, "reconcile", "--json", env=own(tmp_path)).stdout)["in_line"]


def test_b9_a_running_agent_whose_disk_fills_up_keeps_the_stop_and_flattens(
    tmp_path: Path, home: Path, exchange: SandboxServer
) -> None:
    made = settings(home, tmp_path, exchange)
    with opened(made, exchange) as launch:
        told: list[Any] = []

        def full() -> None:
            fill(home)
            told.append(stop_running(launch))

        when_held(launch, full)
        with pytest.raises(JournalFault, match="cannot grow: the disk or the quota is full"):
            launch.run()
    assert told[0]["flat"], told
    assert bitcoin(exchange) == 0
    (home / "filler").unlink()
    agrees(home, tmp_path)


def test_b9_run_on_a_full_disk_says_it_in_one_line(
    tmp_path: Path, home: Path, exchange: SandboxServer
) -> None:
    hold(settings(home, tmp_path, exchange), exchange)
    fill(home, reserve=False)
    words = ("--mode", "testnet", "--base-url", exchange.base_url, "--timeframe", "1m", "--cycles", "1")
    done = agent(home, "run", *words, "--journal", "drill", check=1, env=own(tmp_path))
    assert "disk" in done.stderr or "space" in done.stderr.lower()
    assert len(done.stderr.strip().splitlines()) == 1


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journal.deadline.Bounded.seconds", 0.5)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys and locks of this test's own, for what runs in this process."""
    for name, value in own(tmp_path).items():
        monkeypatch.setenv(name, value)


def lease(url: str, *, held: bool, holder: str) -> None:
    """Write who holds the one account there is, for an hour."""
    (name,) = accounts(url)
    change = "UPDATE {}.lease SET held = %s, holder = %s, expires = now() + interval '1 hour'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(change).format(sql.Identifier(namespace(name))), (held, holder))


def test_b8_a_frozen_server_does_not_hold_the_stop_back(
    tmp_path: Path, exchange: SandboxServer, postgres_server: on_server.Server, account: None
) -> None:
    url = postgres_server.new_database()
    home = tmp_path / "home"
    hold(settings(home, tmp_path, exchange, url), exchange)
    assert postgres_server._process is not None
    with frozen(postgres_server._process.pid):
        began = time.monotonic()
        told = stopped(home, tmp_path, AGENT_DB_URL=url)
        took = time.monotonic() - began
    assert told["flat"], told
    assert bitcoin(exchange) == 0
    assert "cannot be reached" in told["unjournaled"]
    within(took, 30)  # and not for the hours TCP would wait
    agrees(home, tmp_path, AGENT_DB_URL=url)


def test_b8_a_running_agent_whose_backend_is_frozen_flattens_in_bounded_time(
    tmp_path: Path, exchange: SandboxServer, postgres_server: on_server.Server, soon: None, account: None
) -> None:
    url = postgres_server.new_database()
    home = tmp_path / "home"
    with opened(settings(home, tmp_path, exchange, url), exchange) as launch:
        told: list[Any] = []
        inner: Any = launch.journal.inner
        pid = int(inner._connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
        began: list[float] = []

        def ask() -> None:
            with suppress(NotRunning):  # it had ended by then
                told.append((stop_running(launch), time.monotonic()))

        stop = threading.Thread(target=ask)

        def freeze() -> None:
            os.kill(pid, signal.SIGSTOP)
            began.append(time.monotonic())
            stop.start()

        when_held(launch, freeze)
        with pytest.raises(JournalFault, match="lost its connection"):
            launch.run()
        stop.join(90)
        os.kill(pid, signal.SIGCONT)
    if told:
        done, at = told[0]
        assert done["flat"], done
        within(at - began[0], 10)
    else:  # the agent had ended by then: the command does it, whose lease is its own dead agent's
        assert stopped(home, tmp_path, AGENT_DB_URL=url)["flat"]
    assert bitcoin(exchange) == 0
    lease(url, held=False, holder="nobody")  # of an agent whose process is this test's, which lives
    agrees(home, tmp_path, AGENT_DB_URL=url)


def test_b8_the_lease_of_a_dead_agent_of_this_host_is_not_waited_for(
    tmp_path: Path, exchange: SandboxServer, postgres_server: on_server.Server, account: None
) -> None:
    url = postgres_server.new_database()
    home = tmp_path / "home"
    hold(settings(home, tmp_path, exchange, url), exchange)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    former = f"{socket.gethostname()} process {dead.pid} in {place()}"
    lease(url, held=True, holder=former)
    told = stopped(home, tmp_path, AGENT_DB_URL=url)
    assert told["flat"], told
    assert "unjournaled" not in told, "it is journaled, and at once"
    assert bitcoin(exchange) == 0
    agrees(home, tmp_path, AGENT_DB_URL=url)


def test_a_kill_is_kept_when_the_journal_cannot_be_opened(
    tmp_path: Path, home: Path, exchange: SandboxServer, account: None
) -> None:
    hold(settings(home, tmp_path, exchange), exchange)
    file = next((home / "journals").glob("*.db"))
    shutil.move(file, tmp_path / "away")
    file.write_bytes(b"no database\n" * 100)
    told = json.loads(agent(home, "kill", "--reason", "stop", "--json", env=own(tmp_path)).stdout)
    assert "nothing of this could be journaled" in told["unjournaled"]
    file.unlink()
    shutil.move(tmp_path / "away", file)
    assert status_of(home).account.kill_switch is None, "reading writes nothing"
    agent(home, "reconcile", "--json", env=own(tmp_path))
    assert status_of(home).account.kill_switch == "stop"


def status_of(home: Path) -> Any:
    return AccountClient(Home(home), "drill").status()
