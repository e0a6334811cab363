"""Agents of our own: begun, adopted, begun anew after a crash and after nothing else, never killed."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.account.dispatch import dispatch
from agent.host.clock import SystemClock
from agent.serve.fleet import own_processes as watching
from agent.serve.fleet.asked import checked, flat, refuse, tree
from agent.serve.fleet.ending import TRIES, Remains, judge
from agent.serve.fleet.processes import command_line
from agent.serve.fleet.supervisor import Supervisor, ask_to_stop
from agent.settings.home import Busy, Home
from agent.settings.problems import BadSettings
from domain.commands import Kill, Stop
from tests.agent.command import start
from tests.agent.test_process import finish

PAPER = {"provider": "simulated", "interval_seconds": 0.05, "symbols": ["BTC-USDT"]}


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    due = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < due, "it did not happen"
        time.sleep(0.05)
    return result


@contextmanager
def supervising(root: Path) -> Iterator[Supervisor]:
    """Supervise a home; whatever was begun and still lives is ended afterwards."""
    built = Supervisor(Home(root), SystemClock())
    built.start()
    try:
        yield built
    finally:
        built.close()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(watching, "FIRST_SECONDS", 0.05)
    for name in [each for each in os.environ if each.startswith(("AGENT_", "BINANCE_"))]:
        monkeypatch.delenv(name)
    with supervising(tmp_path) as built:
        yield built
        for name in built.names():
            ask_to_stop(built, built.home, name, Stop(reason="over"), SystemClock())
        until(lambda: not built.running())


def pid_of(own: Supervisor, name: str) -> int:
    told = own.of(name)
    return (told and told.pid) or 0


def listens(own: Supervisor, name: str) -> bool:
    return own.home.control(name).exists() and own.home.owner(name) == pid_of(own, name)


def test_it_begins_once_survives_its_server_is_adopted_and_begun_anew_after_a_crash(own: Supervisor) -> None:
    first = own.begin("one", PAPER, "api")
    assert first.pid
    assert os.getsid(first.pid) == first.pid  # no signal to our group reaches it
    with pytest.raises(Busy, match="runs already"):
        own.begin("one", PAPER, "api")
    until(lambda: listens(own, "one"))
    own.close()
    with supervising(own.home.root) as later:  # a server that began after ours was killed
        assert pid_of(later, "one") == first.pid
        os.kill(first.pid, signal.SIGKILL)
        again = until(lambda: pid_of(later, "one") not in (0, first.pid) and later.of("one"))
        assert again.restarts == 1
        until(lambda: listens(later, "one"))
        assert later.of("one") == again
        ask_to_stop(later, later.home, "one", Stop(reason="enough"), SystemClock())
        until(lambda: not later.running())
        ended = until(lambda: (told := later.of("one")) and told.pid is None and told)
        assert (ended.wanted, ended.halted) == (False, None)
    own._own.clear()


def test_a_kill_switch_and_a_halt_are_for_people_and_a_stop_from_elsewhere_is_meant(own: Supervisor) -> None:
    own.begin("one", PAPER, "api")
    until(lambda: listens(own, "one"))
    dispatch(own.home, "one", Kill(reason="odd prices"))
    os.kill(pid_of(own, "one"), signal.SIGKILL)
    halted = until(lambda: (told := own.of("one")) and told.halted and told)
    assert halted.halted == "died while the kill switch was thrown: odd prices"
    assert not halted.wanted
    again = own.begin_again("one", {}, "", "api")  # a person asks, and it is begun
    assert again.pid
    until(lambda: listens(own, "one"))
    dispatch(own.home, "one", Stop(reason="by the command line"))
    ended = until(lambda: (told := own.of("one")) and told.pid is None and told)
    assert (ended.wanted, ended.halted, ended.restarts) == (False, None, 0)


def test_one_that_is_still_starting_is_stopped_too(own: Supervisor) -> None:
    own.begin("one", PAPER, "api")
    ask_to_stop(own, own.home, "one", Stop(reason="not yet"), SystemClock())
    until(lambda: not own.running())
    time.sleep(0.5)
    told = own.of("one")
    assert told is not None
    assert (told.wanted, told.pid) == (False, None)


def test_one_that_runs_elsewhere_is_not_begun_beside_it(own: Supervisor, tmp_path: Path) -> None:
    process = start(tmp_path, "run", "--provider", "simulated", "--journal", "one", "--plain")
    until(lambda: own.home.control("one").exists())
    with pytest.raises(Busy, match="runs already"):
        own.begin("one", PAPER, "api")
    process.terminate()
    finish(process)
    assert own.names() == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"risk": {"max_drawdown": 2}}, "risk.max_drawdown"),
        ({"risk": {"max_drawdwn": 1}}, "no such setting"),
        ({"mode": "quicktest"}, "modes are paper, testnet and live"),
        ({"mode": "live"}, "account"),
        ({"home": "/"}, "home: not set over HTTP"),
        ({"strategies_folder": "/srv"}, "strategies_folder: not set over HTTP"),
        ({"db_url": "postgresql://x/y"}, "db_url: not set over HTTP"),
        ({"listing": "/etc/passwd"}, "listing: not set over HTTP"),
        ({"exchange": {"api_secret": "hunter2"}}, "keys are not sent over HTTP"),
        ({"exchange": {"base_url": "https://evil.example"}}, "keys would be sent there"),
        ({"stream": {"base_url": "wss://evil.example"}}, "keys would be sent there"),
        ({"provider": "recorded", "data": ["/etc/passwd"]}, "not in this home"),
        ({"provider": "recorded", "data": ["../../etc/passwd"]}, "not in this home"),
        ({"symbols": ["--home=/srv"]}, "is not a symbol"),
        ({"timeframe": "7m"}, "timeframe = 7m"),
        ({"x\n--live": 1}, "not the name of a setting"),
    ],
)
def test_settings_are_refused_by_name_and_nothing_begins(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    own = Supervisor(Home(tmp_path), SystemClock())
    with pytest.raises(BadSettings) as refused:
        own.begin("one", settings, "api")
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert own.names() == []


def test_what_is_checked_is_what_the_process_is_started_with(tmp_path: Path) -> None:
    given = {
        "symbols": ["BTC-USDT", "ETH-USDT"], "provider": "simulated", "streaming": False,
        "reasoning": {"strategies": ["rsi", "sma"]},
        "risk": {"daily_loss": "2% up to 10", "max_positions": 2},
    }  # fmt: skip
    wanted = flat(given)
    refuse(wanted, Home(tmp_path))
    options = checked(wanted, Home(tmp_path), "one")
    assert options.symbols == ("BTC-USDT", "ETH-USDT")
    assert options.reasoning.strategies == ("rsi", "sma")
    assert not options.streaming
    assert tree(wanted)["risk"] == {"daily_loss": "2% up to 10", "max_positions": "2"}
    words = command_line(Home(tmp_path), "one", wanted)
    assert words[3:] == [
        "run", "--plain", f"--home={tmp_path}", "--journal=one", "--symbol=BTC-USDT", "--symbol=ETH-USDT",
        "--set=provider=simulated", "--set=streaming=false", "--strategy=rsi", "--strategy=sma",
        "--set=risk.daily_loss=2% up to 10", "--set=risk.max_positions=2",
    ]  # fmt: skip


BEGUN = Remains(sessions=2, ended=None, kill_switch=None, waiting=())


@pytest.mark.parametrize(
    ("code", "now", "tries", "again", "halted"),
    [
        (-9, BEGUN, 0, True, None),
        (None, BEGUN, 0, True, None),
        (1, BEGUN, 0, True, None),  # a fault nobody planned for, before it could be journaled
        (0, BEGUN._replace(ended="stopped"), 0, False, None),
        (130, BEGUN, 0, False, "ended at once, by a second signal"),
        (2, BEGUN, 0, False, "words"),
        (1, None, 1, True, None),
        (1, None, TRIES, False, f"ended {TRIES} times before its session began: words"),
        (0, None, 1, False, None),
        (1, BEGUN._replace(ended="fault: the account differs"), 0, False, "fault: the account differs"),
        (0, BEGUN._replace(ended="cycles"), 0, False, None),
        (-9, BEGUN._replace(ended="stopped"), 0, False, None),
        (-9, BEGUN._replace(kill_switch="odd"), 0, False, "died while the kill switch was thrown: odd"),
        (-9, BEGUN._replace(waiting=("b-1",)), 0, False, "died with an order for its operator: b-1"),
        (-9, BEGUN._replace(sessions=1), 1, True, None),
    ],
)
def test_begun_anew_after_a_crash_and_after_nothing_else(
    code: int | None, now: Remains | None, tries: int, *, again: bool, halted: str | None
) -> None:
    sequel = judge(code, 1, now, "words", tries)
    assert (sequel.again, sequel.halted) == (again, halted)


def test_all_that_is_wrong_with_an_agent_to_begin_is_said_at_once(tmp_path: Path) -> None:
    own = Supervisor(Home(tmp_path), SystemClock())
    settings = {"mode": "paper", "interval_seconds": "-1", "home": "/elsewhere", "risk": {"daily_loss": "-5"}}
    with pytest.raises(BadSettings) as wrong:
        own.begin("bad name!", settings, "api")
    fields = ["--journal bad name!", "home", "interval_seconds", "risk.daily_loss"]
    assert len(wrong.value.problems) == len(fields)
    assert all(any(text.startswith(field) for text in wrong.value.problems) for field in fields)
