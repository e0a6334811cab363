"""The real process under test: started as a user would, read line by line, asked from outside, stopped."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from agent.host.lifeline import end_with
from domain.times import millis
from scripts.soak.rig.faults import Timing
from scripts.soak.rig.market import SYMBOLS

AGENT = Path(sys.executable).with_name("agent")
JOURNAL = "paper"
ASK_SECONDS = 60.0
OFFLINE_SECONDS = 1800.0


class Turn(NamedTuple):
    """One cycle as the agent printed it: its instant in ms, number, outcome and equity in quote."""

    at_ms: int
    cycle: int
    outcome: str
    equity: float


class Told(NamedTuple):
    """The answer of a command: exit code, output, error output and the seconds it took."""

    code: int
    out: str
    err: str
    seconds: float


def environment(
    binance: str, second: str, key: str, *, timing: Timing, cached_seconds: float, day: int
) -> dict[str, str]:
    """Return the settings of the soaked agent as environment variables.

    The strategies get short periods and the gate high limits, so that there are trades to soak;
    the rules are the product's own. Nothing of the caller's AGENT_... variables gets through.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AGENT_") and name != "ALPHA_VANTAGE_API_KEY"
    }
    chosen = {
        "BINANCE__BASE_URL": binance,
        "BINANCE__TIMEOUT_SECONDS": timing.timeout,
        "BINANCE__REQUESTS_PER_SECOND": 100,
        "BINANCE__CACHE_SECONDS": 0,
        "ALPHA_VANTAGE__BASE_URL": second,
        "ALPHA_VANTAGE__TIMEOUT_SECONDS": timing.timeout,
        "ALPHA_VANTAGE__REQUESTS_PER_DAY": day,
        "PERCEPTION__CACHED_SECONDS": cached_seconds,
        "PERCEPTION__BREAKER__FAILURES": 3,
        "PERCEPTION__BREAKER__RESET_SECONDS": timing.breaker_reset,
        "PERCEPTION__RETRY__ATTEMPTS": 2,
        "PERCEPTION__RETRY__FIRST_WAIT_SECONDS": 0.05,
        "PERCEPTION__CACHE__REFUSAL_SECONDS": 30,
        "PERCEPTION__NEWS__REFRESH_SECONDS": 60,
        "REASONING__VOTE_THRESHOLD": 1,
        "REASONING__RSI__PERIOD": 2,
        "REASONING__RSI__LOWER": 35,
        "REASONING__RSI__UPPER": 65,
        "REASONING__RSI__STOP_PPM": 4000,
        "REASONING__SMA__FAST": 5,
        "REASONING__SMA__SLOW": 20,
        "REASONING__SMA__STOP_PPM": 4000,
        "RISK__DAILY_LOSS": 1_000_000,
        "RISK__MAX_DRAWDOWN": 1,
        "RISK__CLASS_DRAWDOWN": 1,
        "RISK__PER_TRADE_LOSS": 50,
        "RISK__MAX_POSITIONS": len(SYMBOLS),
        "RISK__COOL_DOWN_MINUTES": 0,
        "RISK__MAX_TRADES_PER_DAY": 1_000_000,
        "RISK__TOTAL_EXPOSURE": 1,
        "RISK__MIN_CONFIDENCE": 1,
        "RISK__LOSS_STREAK_PAPER": 1_000_000,
        "SIZING__MIN_CONFIDENCE_PAPER": 1,
    }
    own = {f"AGENT_{name}": str(value) for name, value in chosen.items()}
    return {**inherited, **own, "ALPHA_VANTAGE_API_KEY": key}


class AgentProcess:
    """`agent run --json` in a process of its own. Output is read on a thread, error output goes to a file."""

    def __init__(
        self, home: Path, env: Mapping[str, str], provider: str, interval: float, errors: Path
    ) -> None:
        self.home = home
        self.turns: list[Turn] = []
        self.summary: dict[str, Any] | None = None
        self.garbage: list[str] = []
        arguments = [
            "run",
            "--mode",
            "paper",
            "--provider",
            provider,
            "--interval",
            f"{interval:g}",
            "--cycles",
            "0",
        ]
        symbols = [part for symbol in SYMBOLS for part in ("--symbol", symbol)]
        self.command = [str(AGENT), *arguments, *symbols, "--json", "--home", str(home)]
        with errors.open("wb") as stderr:
            self._process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=stderr, env=dict(env),
                preexec_fn=partial(end_with, os.getpid()),  # noqa: PLW1509 -- one system call, no lock
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, name="soak-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True while it has not ended."""
        return self._process.poll() is None

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- asked for a pipe above
        for line in self._process.stdout:
            self._take(line.decode(errors="replace"))

    def _take(self, line: str) -> None:
        """Keep what one line says; a line that is neither a cycle nor the summary is garbage."""
        try:
            told = json.loads(line)
            if "summary" in told:
                self.summary = told["summary"]
                return
            at = millis_of(told["at"])
            self.turns.append(Turn(at, told["cycle"], told["outcome"], float(told["equity"])))
        except (ValueError, KeyError, TypeError):
            self.garbage.append(line[:500])

    def stop(self, seconds: float) -> tuple[int | None, float]:
        """Send SIGTERM; return exit code and seconds it took, the code None when it had to be killed."""
        began = time.monotonic()
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        try:
            code: int | None = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            code = None
        took = time.monotonic() - began
        self._reader.join()
        return code, took


def millis_of(text: str) -> int:
    """Turn an ISO instant into milliseconds. Raises ValueError for a naive one."""
    return millis(datetime.fromisoformat(text))


def ask(home: Path, *arguments: str, seconds: float = ASK_SECONDS) -> Told:
    """Run another `agent` command on the home and return what it answered; code -1 when it hung."""
    command = [str(AGENT), *arguments, "--home", str(home)]
    began = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return Told(-1, "", f"no answer within {seconds:g} s", time.monotonic() - began)
    return Told(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
