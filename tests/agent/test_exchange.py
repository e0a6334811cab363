"""The live path as a user walks it: the real command on a sandbox exchange of this test's own."""

import json
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.host.clock import SystemClock
from platforms.sandbox.requests.security import Credentials
from platforms.sandbox.requests.venue import KeyRights
from platforms.sandbox.server.options import SandboxOptions
from platforms.sandbox.server.server import SandboxServer
from tests.agent.command import agent, start
from tests.agent.warm import Done
from tests.shared import in_time

CANARY = "CANARYkey0123456789"
KEYS = {"BINANCE_API_KEY": CANARY, "BINANCE_API_SECRET": f"{CANARY}secret"}
MINUTE = ("--timeframe", "1m", "--interval", "0")


def served(**options: Any) -> SandboxServer:
    values = {"prices": {"BTC-USDT": "50000"}, "key": CANARY, "secret": f"{CANARY}secret"} | options
    return SandboxServer(SystemClock(), SandboxOptions(**values))


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with served() as made:
        yield made


def run(
    home: Path, server: SandboxServer, *words: str, check: int | None = 0, env: Mapping[str, str] = KEYS
) -> Done:
    """Run `agent run --mode testnet` at the sandbox; accounts are locked below the test's own home."""
    url = ("--base-url", server.base_url)
    return agent(home, "run", "--mode", "testnet", *url, *MINUTE, *words, check=check, env=own(home, env))


def own(home: Path, env: Mapping[str, str] = KEYS) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(home / "state"), **env}


def test_a_rehearsal_runs_is_in_line_and_replays(tmp_path: Path, server: SandboxServer) -> None:
    done = run(tmp_path, server, "--cycles", "3", "--plain")
    assert "BTC-USDT is on live data from binance" in done.stdout
    assert "opened with 10,000.00" in done.stdout
    assert json.loads(agent(tmp_path, "replay", "--json").stdout)["difference"] is None
    assert json.loads(agent(tmp_path, "reconcile", "--json", env=own(tmp_path)).stdout)["in_line"]


def test_status_tells_how_the_stream_does(tmp_path: Path, server: SandboxServer) -> None:
    words = ("--mode", "testnet", "--base-url", server.base_url, "--timeframe", "1m", "--interval", "0.5")
    with start(tmp_path, "run", *words, "--plain", env=own(tmp_path)) as running:
        due = time.monotonic() + 90
        streams: dict[str, Any] = {}
        while not any(each["connected"] for each in streams.values()) and time.monotonic() < due:
            report = agent(tmp_path, "status", "--json", check=None).stdout or "{}"
            streams = json.loads(report).get("streams", {})
        (stream,) = streams.values()
        assert (stream["live"], stream["reconnects"], stream["dropped"]) == (True, 0, 0)
        assert "0 reconnects, 0 dropped, 0 malformed" in agent(tmp_path, "status").stdout
        running.terminate()
        running.communicate(timeout=90)


def test_the_key_is_nowhere_after_a_session_and_after_errors(tmp_path: Path, server: SandboxServer) -> None:
    said = run(tmp_path, server, "--cycles", "2")
    server.load_faults({"fault": [{"kind": "error", "path": "/api/v3/account"}]})
    failed = run(tmp_path, server, "--cycles", "1", check=1)
    for text in (said.stdout, said.stderr, failed.stdout, failed.stderr):
        assert CANARY not in text
    found = [path for path in tmp_path.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
    assert found == []


def test_an_account_with_holdings_is_not_taken_over_in_silence(tmp_path: Path) -> None:
    with served(balances={"USDT": "10000", "BTC": "0.5"}) as server:
        refused = run(tmp_path, server, "--cycles", "1", check=None)
        assert refused.returncode == 1
        assert "a new journal, but the account is in use: holds BTC" in refused.stderr
        adopted = agent(tmp_path, "reconcile", "--adopt", "--reason", "mine", "--json", env=own(tmp_path))
        assert json.loads(adopted.stdout)["untracked"]["BTC"] == "0.5"
        run(tmp_path, server, "--cycles", "1")


def test_fault_12_a_manual_trade_halts_with_what_differs(tmp_path: Path, server: SandboxServer) -> None:
    run(tmp_path, server, "--cycles", "1")
    server.exchange.deposit("BTC", Decimal("0.25"))
    shown = agent(tmp_path, "reconcile", "--json", check=None, env=own(tmp_path))
    assert shown.returncode == 1
    assert json.loads(shown.stdout)["differences"] == [
        "BTC: 0.00000000 in the journal, 0.25000000 at the venue"
    ]
    halted = run(tmp_path, server, "--cycles", "1", check=None)
    assert halted.returncode == 1
    assert "the account differs: BTC" in halted.stderr


def test_fault_10_a_second_agent_on_the_account_is_gone_in_two_seconds_and_asks_nothing(
    tmp_path: Path, server: SandboxServer
) -> None:
    words = ("--mode", "testnet", "--base-url", server.base_url, "--timeframe", "1m", "--interval", "1")
    with start(tmp_path, "run", *words, "--plain", env=own(tmp_path)) as first:
        assert first.stdout is not None
        first.stdout.readline()
        asked = sum(each.received for each in server.exchange.requests.values())
        other = tmp_path / "other"
        began = time.monotonic()
        second = agent(other, "run", *words, check=None, env=own(tmp_path))
        in_time(began, 10)
        assert second.returncode == 1
        assert "another agent trades this account" in second.stderr
        assert sum(each.received for each in server.exchange.requests.values()) == asked
        first.terminate()
        first.communicate(timeout=90)


class TwoKeys(Credentials):
    """Two keys of one account, with one secret."""

    def check_key(self, key: str | None) -> None:
        super().check_key(CANARY if key == "OTHERkey0123456789" else key)


def test_fault_10_two_keys_two_homes_and_a_deleted_lock_are_still_one_account(tmp_path: Path) -> None:
    with served() as server:
        server.app.venue.credentials = TwoKeys(CANARY, f"{CANARY}secret")
        words = ("--mode", "testnet", "--base-url", server.base_url, "--timeframe", "1m", "--interval", "1")
        with start(tmp_path, "run", *words, "--plain", env=own(tmp_path)) as first:
            assert first.stdout is not None
            first.stdout.readline()
            for lock in tmp_path.rglob("*.lock"):
                lock.unlink()
            other = tmp_path / "other"
            keys = {"BINANCE_API_KEY": "OTHERkey0123456789", "BINANCE_API_SECRET": f"{CANARY}secret"}
            for env in (KEYS, keys):
                second = agent(other, "run", *words, check=None, env=own(other, env))
                assert second.returncode == 1
                assert f"another agent (process {first.pid} of user" in second.stderr
                assert "trades account 100000001; one account, one agent" in second.stderr
            assert server.exchange.orders == {}
            first.terminate()
            first.communicate(timeout=90)
        run(other, server, "--cycles", "1")  # the first has ended, and with it its lock


@pytest.mark.parametrize(
    ("rights", "words", "reason"),
    [
        (KeyRights(withdrawals=True), (), "it may withdraw"),
        (KeyRights(ip_restricted=False), (), "it works from any address"),
        (KeyRights(), ("--account", "12345"), "asked for 12345"),
    ],
)
def test_live_refuses_a_key_that_may_too_much_and_an_account_that_was_not_meant(
    tmp_path: Path, rights: KeyRights, words: tuple[str, ...], reason: str
) -> None:
    with served(rights=rights) as server:
        number = () if words else ("--account", account_of(tmp_path, server))
        url = ("--base-url", server.base_url)
        refused = agent(
            tmp_path, "run", "--mode", "live", *url, *MINUTE, "--cycles", "1", *words, *number,
            check=None, env=own(tmp_path),
        )  # fmt: skip
        assert refused.returncode == 2
        assert reason in refused.stderr
        assert server.exchange.orders == {}


def account_of(home: Path, server: SandboxServer) -> str:
    """Return the account's id, as the doctor tells it."""
    told = agent(
        home, "doctor", "--live", "--base-url", server.base_url, "--json", check=None, env=own(home)
    ).stdout
    (account,) = [each for each in json.loads(told) if each["subject"] == "account"]
    return str(account["what"].split()[-1])


def test_live_runs_with_the_account_typed_and_a_key_that_can_only_trade(
    tmp_path: Path, server: SandboxServer
) -> None:
    number, url = account_of(tmp_path, server), ("--base-url", server.base_url)
    done = agent(
        tmp_path, "run", "--mode", "live", *url, *MINUTE, "--cycles", "1", "--account", number,
        env=own(tmp_path),
    )  # fmt: skip
    assert "ended     cycles after 1 cycles" in done.stdout


def test_what_a_mode_needs_is_said_at_once(tmp_path: Path) -> None:
    done = agent(tmp_path, "run", "--mode", "live", "--provider", "simulated", check=2)
    for reason in (
        "on live data, not on simulated",
        "needs exchange.endpoint = live",
        "needs the account's id",
    ):
        assert reason in done.stderr
    assert "set BINANCE_API_KEY" in agent(tmp_path, "run", "--mode", "testnet", check=2).stderr
