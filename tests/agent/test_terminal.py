"""What becomes of the terminal, the pipe or the log never comes between a fill and its stop."""

import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from agent.account.agent import Agent
from agent.cli.output.outlet import KEPT, Outlet
from agent.host import log
from agent.settings.given import Settings
from domain.events import Event, OrderReported, SessionEnded
from domain.order import OrderType
from tests import left_behind
from tests.agent.command import AGENT, agent, environment, told
from tests.agent.world import World, wave
from tests.shared import ROOT, in_time

LIVELY = {"AGENT_RISK__MIN_CONFIDENCE": "40", "AGENT_RISK__MAX_TRADES_PER_DAY": "1000"}
RUN = ("run", "--provider", "simulated", "--plain", "--speed", "2000")
"""Thirty cycles a second: the first entry is in its 29th, and its fill is the third line."""


def start(
    home: Path, *words: str, script: str = 'exec "$@"', out: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", str(AGENT), *words],
        env=environment(home, LIVELY),
        cwd=ROOT,
        stdout=out,
        stderr=subprocess.PIPE,
    )
    left_behind.started(process)
    return process


def in_order(home: Path, reason: str) -> dict[str, Any]:
    """Say that a session ended for a reason, with every position protected, and return its status."""
    status: dict[str, Any] = told(home, "status")
    assert status["ended"].startswith(reason), status["ended"]
    for position in status["positions"]:
        assert [order["type"] for order in position["orders"]] == ["STOP"], position
    assert told(home, "journal", "verify")["intact"]
    assert told(home, "replay")["difference"] is None
    return status


def ended(process: subprocess.Popen[bytes], code: int) -> str:
    """Wait for the end and return what the error output says."""
    _, err = process.communicate(timeout=120)
    told = (err or b"").decode()
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    assert process.returncode == code, told
    return told


def pipe_after_two_lines(home: Path, *words: str) -> subprocess.Popen[bytes]:
    process = start(home, *words, out=subprocess.PIPE)
    out: IO[bytes] = process.stdout  # type: ignore[assignment]  # it is a pipe
    for _ in range(2):
        assert out.readline()
    out.close()
    process.stdout = None
    return process


def terminal_that_dies(home: Path, *words: str) -> subprocess.Popen[bytes]:
    master, slave = os.openpty()
    process = start(home, *(word for word in words if word != "--plain"), out=slave)
    os.close(slave)
    os.read(master, 1)
    os.close(master)
    return process


def hung_up(home: Path, *words: str) -> subprocess.Popen[bytes]:
    process = start(home, *words, out=subprocess.PIPE)
    out: IO[bytes] = process.stdout  # type: ignore[assignment]  # it is a pipe
    while b"BUY" not in out.readline():
        pass
    for _ in range(2):  # the shell and the system both send it
        process.send_signal(signal.SIGHUP)
    return process


@pytest.mark.parametrize(
    ("begin", "why"),
    [
        (pipe_after_two_lines, "standard output is gone ("),
        (
            lambda home, *words: pipe_after_two_lines(home, *words, "--json"),
            "standard output is gone (",
        ),
        (lambda home, *words: start(home, *words, script='exec "$@" >/dev/full'), "No space left on device"),
        (terminal_that_dies, "standard output is gone ("),
        (hung_up, "the terminal hung up (SIGHUP)"),
    ],
    ids=["pipe", "json pipe", "full device", "terminal", "hang-up"],
)
def test_a_terminal_that_is_gone_ends_the_session_in_order(
    tmp_path: Path, begin: Callable[..., subprocess.Popen[bytes]], why: str
) -> None:
    said = ended(begin(tmp_path, *RUN), 1)
    assert "\nerror: " in f"\n{said}"
    assert why in said
    status = in_order(tmp_path, "stopped: ")
    if begin is hung_up:
        assert status["positions"]
    assert why in (tmp_path / "agent.log").read_text()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_an_output_closed_from_the_start_is_a_silent_run(tmp_path: Path, closed: str) -> None:
    (tmp_path / "agent.log").mkdir()  # and no log either
    words = (*RUN[:-1], "max", "--cycles", "40")
    ended(start(tmp_path, *words, script=f'exec "$@" {closed}'), 0)
    assert in_order(tmp_path, "cycles")["positions"]


def test_a_pipe_nobody_reads_holds_nothing_up(tmp_path: Path) -> None:
    process = start(tmp_path, *RUN[:-1], "max", "--json", out=subprocess.PIPE)
    cycles, before = 0, -1
    while cycles <= KEPT // 2 or cycles != before:  # until the played market waits for a reader
        assert process.poll() is None
        time.sleep(1)
        before, cycles = cycles, cycle(tmp_path)
    assert told(tmp_path, "flatten", "--reason", "nobody reads")["flat"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    in_order(tmp_path, "stopped")
    process.communicate()


def cycle(home: Path) -> int:
    if not (home / "journals" / ".latest").is_file():
        return 0
    return int(told(home, "status")["cycle"])


def test_where_hang_ups_are_ignored_it_goes_on(tmp_path: Path) -> None:
    process = start(tmp_path, *RUN, script='trap "" HUP; exec "$@"', out=subprocess.PIPE)
    out: IO[bytes] = process.stdout  # type: ignore[assignment]  # it is a pipe
    out.readline()
    process.send_signal(signal.SIGHUP)
    while b"BUY" not in out.readline():
        pass
    process.send_signal(signal.SIGTERM)
    ended(process, 0)
    in_order(tmp_path, "stopped")


@pytest.mark.parametrize(
    "words",
    [("status",), ("journal", "export"), ("--help",), ("flatten", "--reason", "x")],
    ids=" ".join,
)
def test_no_command_minds_a_closed_pipe_or_a_full_device(home: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    # Typer itself prints the help, and counts a closed pipe as a fault.
    said = ended(start(home, *words, out=writing), 1 if words == ("--help",) else 0)
    os.close(writing)
    assert said == ""
    said = ended(start(home, *words, script='exec "$@" >/dev/full'), 1)
    assert said == "error: standard output: No space left on device\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    agent(folder, *RUN[:-1], "max", "--cycles", "5")
    return folder


@pytest.mark.parametrize("fault", [ValueError("odd"), BrokenPipeError(), SystemExit(3), KeyboardInterrupt()])
def test_a_listener_that_raises_between_fill_and_stop_is_dropped(fault: BaseException) -> None:
    world = World(wave(700)[:65])  # bought in the 61st
    heard: list[Event] = []

    def raise_at_a_fill(event: Event) -> None:
        heard.append(event)
        if isinstance(event, OrderReported) and event.receipt.filled:
            raise fault

    world.session.listeners.insert(0, raise_at_a_fill)
    world.run()
    assert isinstance(heard[-1], OrderReported)
    (symbol,) = world.state.ledger.positions
    assert OrderType.STOP in {each.order.type for each in world.state.ledger.resting(symbol)}
    end = world.events[-1]
    assert isinstance(end, SessionEnded)
    asked_to_exit = not isinstance(fault, Exception)
    assert end.reason.startswith("stopped: " if asked_to_exit else "data exhausted"), end.reason


def test_a_callback_that_raises_does_not_end_the_iterator_of_another(tmp_path: Path) -> None:
    with Agent(Settings(home=tmp_path, provider="simulated", interval_seconds=0)) as running:
        events = running.events()
        first = next(events)  # this one listens
        running._opened().session.listeners.insert(0, stumble)
        later = [next(events) for _ in range(10)]
        running.stop()
        assert isinstance(list(events)[-1], SessionEnded)
    assert first not in later


def stumble(_event: Event) -> None:
    raise ZeroDivisionError


class Pipe:
    """An outlet into a pipe, and what it said of it."""

    def __init__(self) -> None:
        self.reading, writing = os.pipe()
        self.why: list[str] = []
        self.outlet = Outlet(writing, "standard output", self.why.append)
        os.close(writing)


def test_an_outlet_takes_every_line_at_once_and_keeps_their_order() -> None:
    pipe = Pipe()
    began = time.monotonic()
    for number in range(3 * KEPT):
        pipe.outlet.write(f"{number:0999}\n")
    in_time(began, 1)
    assert pipe.outlet.behind
    kept = 3 * KEPT - pipe.outlet.dropped
    assert KEPT <= kept < 2 * KEPT
    with open(pipe.reading, "rb") as reader:  # noqa: PTH123 -- a descriptor
        lines = [int(reader.readline()) for _ in range(kept)]
    assert lines == sorted(set(lines))
    assert lines[:KEPT] == list(range(KEPT))
    pipe.outlet.drain()
    assert not pipe.why


def test_an_outlet_gives_up_what_nobody_reads_and_tells_of_a_reader_who_left() -> None:
    pipe = Pipe()
    for _ in range(100):
        pipe.outlet.write("x" * 9_999)
    began = time.monotonic()
    pipe.outlet.drain()
    in_time(began, 10)
    assert pipe.outlet.dropped > 80
    os.close(pipe.reading)
    while not pipe.why:
        time.sleep(0.01)
    assert pipe.why == ["standard output is gone (Broken pipe)"]


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.log").symlink_to("/dev/full")
    assert "is no file" in str(log.start(tmp_path, ()))
    (tmp_path / "agent.log").unlink()
    assert log.start(tmp_path, ()) is None
    log.say("error", "one", secret=object())
    handler = logging.getLogger(log.NAME).handlers[0]
    handler.stream.close()  # type: ignore[attr-defined]  # as a disk that is gone does
    log.say("error", "two")
    log.say("no such level", "three")
    assert json.loads((tmp_path / "agent.log").read_text())["event"] == "one"
    assert capfd.readouterr() == ("", "")
