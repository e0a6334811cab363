"""The live view in a real terminal of 80 columns: every key is harmless, and the terminal is as it was."""

import array
import fcntl
import io
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from agent.answers.account import Status
from agent.cli.output.keys import letters
from agent.cli.output.sparkline import sparkline
from agent.cli.output.view import Frame, draw, duration
from agent.settings.home import Home
from tests import left_behind
from tests.agent.command import AGENT, environment, told
from tests.shared import ROOT

ON_TERMINAL = """
import os, sys
os.setsid()
terminal = os.open(sys.argv[1], os.O_RDWR)  # and with that the session's own
for number in (0, 1, 2):
    os.dup2(terminal, number)
os.execv(sys.argv[2], sys.argv[2:])
"""
LINE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
SIZE = 80, 24


class Screen:
    """A terminal with a program in it: what it wrote, and a keyboard."""

    def __init__(self, home: Path, *words: str) -> None:
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self.before = termios.tcgetattr(self.slave)
        kept = {name: value for name, value in environment(home).items() if name != "COLUMNS"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", ON_TERMINAL, os.ttyname(self.slave), *words], env=kept, cwd=ROOT
        )
        left_behind.started(self.process)
        self.written = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        while self.process.poll() is None or select.select([self.master], [], [], 0.1)[0]:
            if select.select([self.master], [], [], 0.1)[0]:
                self.written += os.read(self.master, 65_536)

    def text(self, begin: int = 0) -> str:
        return LINE.sub("", self.written[begin:].decode(errors="replace"))

    def until(self, what: str, begin: int = 0) -> None:
        due = time.monotonic() + 60
        while not re.search(what, self.text(begin)):
            assert time.monotonic() < due, (what, self.text(begin)[-3000:])
            time.sleep(0.02)

    def press(self, keys: bytes, what: str = "") -> None:
        """Press keys, and wait until something is drawn anew."""
        begin = len(self.written)
        os.write(self.master, keys)
        if what:
            self.until(what, begin)

    def waiting(self) -> int:
        """Return how many bytes lie unread in the keyboard's queue."""
        count = array.array("i", [0])
        fcntl.ioctl(self.slave, termios.FIONREAD, count)
        return count[0]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Screen]:
    words = ("run", "--provider", "simulated", "--speed", "2400", "--journal", "seen")
    screen = Screen(tmp_path, str(AGENT), *words)
    yield screen
    screen.close()


def test_keys_show_pages_and_none_does_harm(played: Screen, tmp_path: Path) -> None:
    played.until(r"trades 0, win rate n/a")
    played.press(b"v", r"rsi abstains 0, weight 1\.000: ")
    played.press(b"h", "No other key")
    played.press(b"l", r"no lesson yet")
    played.press(b"q", "No other key")
    played.press(b"e", "SIMULATED DATA")
    every = bytes(number for number in range(256) if number != 3)
    played.press(every * 3)
    for sequence in (b"\x1b[A", b"\x1bOP", b"\x1b[200~rm -rf .\n\x1b[201~", b"\x1b[<0;10;10M", b"\x1b"):
        played.press(sequence)
    owner = Home(tmp_path).owner("seen")
    assert owner is not None
    os.kill(owner, signal.SIGTSTP)
    begin, cycle = len(played.written), told(tmp_path, "status")["cycle"]
    while told(tmp_path, "status")["cycle"] < cycle + 20:
        assert played.process.poll() is None
    played.until(rf"cycle {cycle // 10 + 1}\d", begin)  # it is drawn still, after Ctrl-S too
    played.press(b"\x03")
    assert played.process.wait(60) == 0
    played.reader.join()
    assert "ended     stopped after" in played.text()
    assert termios.tcgetattr(played.slave) == played.before
    assert played.waiting() == 0
    assert b"\x1b[?25h" in played.written[-4000:]


def test_a_second_ctrl_c_leaves_the_terminal_as_it_was(played: Screen) -> None:
    played.until("equity")
    assert termios.tcgetattr(played.slave)[3] & termios.ECHO == 0
    played.press(b"\x03\x03")
    assert played.process.wait(60) in (0, 130)
    played.reader.join()
    assert termios.tcgetattr(played.slave) == played.before
    assert played.written.rindex(b"\x1b[?25h") > played.written.rindex(b"\x1b[?25l")


def test_a_bar_over_a_recording_minds_no_key_either(tmp_path: Path) -> None:
    words = ("run", "--provider", "recorded", "--data", "fixtures/quicktest.csv", "--symbol", "BTC-USDT")
    screen = Screen(tmp_path, str(AGENT), *words, "--speed", "max")
    try:
        screen.until("candles")
        os.write(screen.master, bytes(number for number in range(256) if number != 3))
        assert screen.process.wait(60) == 0
        screen.reader.join()
        assert "data exhausted after " in screen.text()
        assert re.search(r"candles .* (\d+)/\1 ", screen.text())
        assert termios.tcgetattr(screen.slave) == screen.before
    finally:
        screen.close()


def test_in_the_background_of_a_terminal_it_writes_plain_lines_and_is_not_stopped(tmp_path: Path) -> None:
    run = f"{AGENT} run --provider simulated --interval 0.2 --cycles 4"
    screen = Screen(tmp_path, "/bin/bash", "-c", f"set -m; stty tostop; {run} & wait $!")
    try:
        assert screen.process.wait(60) == 0
        screen.reader.join()
        assert "ended     cycles after 4 cycles" in screen.text()
        assert b"\x1b[?25l" not in screen.written
    finally:
        screen.close()


def status(**more: Any) -> Status:
    account = {
        "quote": "USDT", "cash_decimals": 8, "equity": "123456789.125", "gross": "-1234567.5",
        "fees": "12345.25", "slippage": "1234.75", "profit_today": "-98765.4321", "max_drawdown": 0.123456,
        "trades": 1234, "wins": 617, "cash": "0", "opening_cash": "0", "profit": "0", "fees_elsewhere": {},
        "dust": {}, "entries_today": 0,
        "kill_switch": "drawdown of a class", "blocked": {"": "somebody else has traded the account"},
    }  # fmt: skip
    told = {
        "running": True, "session": 1, "mode": "live",
        "journal": "live-api.binance.com-0123abcd", "symbols": ["1000SATS-USDT", *"ABCDEFGH"],
        "timeframe": "15m", "state": "PERCEPTION", "cycle": 1234567, "clock": "2026-11-28T17:12:30+00:00",
        "next_candle_seconds": 150.9, "paused": False, "account": account, "market": [], "positions": [],
    }  # fmt: skip
    return msgspec.convert(told | more, Status)


def held(symbol: str, *types: str) -> dict[str, Any]:
    order = {"client_id": "a", "side": "SELL", "quantity": "1", "status": "NEW"}
    orders = [order | {"type": each, "level": f"0.000{number}425"} for number, each in enumerate(types, 1)]
    return {
        "symbol": symbol, "quantity": "123456789.00000001", "entry": "0.00085125", "price": "0.00085",
        "unrealised": "-12345.678", "orders": orders, "fees": "0", "opened_at": "2026-11-28T17:12:30Z",
    }  # fmt: skip


def seen(symbol: str) -> dict[str, Any]:
    told = {"symbol": symbol, "price": "0.00085", "source": "live", "provider": "binance", "breaker": "open"}
    return told | {"price_at": None, "not_served_by": {}}


def drawn(frame: Frame, width: int = SIZE[0], height: int = SIZE[1]) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None)
    with console.capture() as kept:
        console.print(draw(frame, console))
    return kept.get().splitlines()


def test_80_columns_hold_every_figure_and_the_keys() -> None:
    names = [f"1000SATS{number}-USDT" for number in range(12)]
    positions = [held(names[0], "STOP", "TAKE_PROFIT"), held(names[1])]
    lines = drawn(
        Frame(
            status(market=[seen(name) for name in names], positions=positions),
            equity=[float(number % 7) for number in range(999)],
            lines=[f"remark {number} {'x' * 70}" for number in range(99)],
        )
    )
    assert {len(line) for line in lines} == {SIZE[0]}
    assert len(lines) < SIZE[1] + 12  # twelve breakers are open
    text = "\n".join(lines)
    for figure in (
        "17:12:30 UTC", "next candle in 2 min 30 s", "123,456,789.12 USDT", "closed -1,248,147.50",
        "open -24,691.36", "today -98,765.43", "trades 1234, 50% won", "drawdown 12.35%", "KILL SWITCH",
        "ENTRIES BLOCKED", "123456789.00000001 at 0.00085125", "stop 0.0001425", "target 0.0002425",
        "NO STOP", "e events  v votes  l lessons  h help  Ctrl-C ends after this cycle", "and 4 symbols more",
    ):  # fmt: skip
        assert figure in text, (figure, text)


def test_a_page_takes_the_room_there_is() -> None:
    for height in (10, 24, 50):
        lines = drawn(
            Frame(status(), lines=[f"remark {number} {'word ' * 30}" for number in range(99)]), 80, height
        )
        assert len(lines) <= max(height - 1, 15)
        assert height < 24 or "remark 98" in "\n".join(lines)
    assert drawn(Frame(status()), 20, 5)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (270_000, "3 d 3 h"),
    ],
)
def test_a_time_to_wait_is_said_as_people_say_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_bars_go_from_lowest_to_highest() -> None:
    assert sparkline([]) == ""
    assert sparkline([5.0, 5.0]) == "▁▁"
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline(list(range(1000)), 4)[-1] == "█"
    assert len(sparkline(list(range(1000)), 33)) == 33


def test_sequences_of_a_keyboard_are_no_letters() -> None:
    assert letters(b"\x1b[A") == letters(b"\x1bl") == letters(b"\x00\x13\x1a") == ""
    assert letters(b"v\xff") == "v"
