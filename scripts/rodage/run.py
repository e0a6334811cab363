"""A rodage from start to verdict: the exchange, the agent and what stands beside it, through the plan."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agent.drill import processes
from agent.drill.processes import Control, forked
from agent.drill.scenario import options as drilled
from agent.settings.home import Home
from agent.settings.settings import Options
from reasoning.settings import ReasoningSettings
from scripts.rodage.beside import NAME, Beside, SimulatedClock, run
from scripts.rodage.judge import Facts
from scripts.rodage.lived import Wire, adopt, live
from scripts.rodage.market import WARMUP, write_candles
from scripts.rodage.plan import HOUR_MS, MINUTE_MS, Plan, Stroke

MOST_SESSIONS = 40


class _Segment(NamedTuple):
    """One life of the agent's process: its last stroke and that stroke's minute, and its exit code."""

    stroke: str
    minute: int
    code: int


class Rodage:
    """One rodage in a folder."""

    def __init__(self, plan: Plan, seed: int, folder: Path, say: Callable[[str], None]) -> None:
        self.plan, self.folder, self.say = plan, folder, say
        write_candles(folder / "BTC-USDT_1m.csv", plan, seed)
        self.home = Home(folder / "home")
        self.home.make()
        self.vault = folder / "backups"
        (self.home.root / "config.toml").write_text(f'[backup]\nfolder = "{self.vault}"\n')
        self.venue, self.port = processes.exchange(folder)
        self.control = Control(self.port)
        self.clock = SimulatedClock(plan.start_ms)
        self.beside = Beside(self.home, self.clock, seed, folder)
        self.sizes: list[tuple[int, int, int]] = []
        """Session, instant and bytes of the agent's process, each hour."""
        self.sessions = self.killed = 0
        self.forgotten: set[str] = set()
        self.unexplained: list[str] = []
        self.options = self._options()

    def _options(self) -> Options:
        key, base = processes.key_of(self.folder), f"http://127.0.0.1:{self.port}"
        made = drilled(self.home.root, self.folder / "BTC-USDT_1m.csv", base, key)
        rsi = ReasoningSettings.model_validate(
            {"strategies": ("rsi",), "rsi": {"period": 14, "lower": 40, "upper": 60}}
        )
        seen = made.perception.model_copy(update={"warmup_candles": WARMUP})
        return made.model_copy(update={"journal": NAME, "reasoning": rsi, "perception": seen})

    def run(self) -> Facts:
        """Live through the plan and return what there is to judge."""
        began, after = time.monotonic(), 0
        try:
            while self.sessions < MOST_SESSIONS:
                segment = self._segment(after)
                after = max(after, segment.minute)
                if not self._survived(segment):
                    break
                self.beside.anew()
            self.beside.hour(self.plan.start_ms + self.plan.minutes * MINUTE_MS)
            return self._facts(time.monotonic() - began)
        finally:
            self.control.close()
            processes.stop(self.venue)

    def _segment(self, after: int) -> _Segment:
        """Run the agent until it ends, and do each hour what is due then."""
        self.sessions += 1
        heard, tells = os.pipe()
        answered, answers = os.pipe()
        wire = Wire(tells, answered)
        child = forked(
            lambda: live(self.options, self.plan, self.port, after, wire), self.folder / "agent.log"
        )
        os.close(tells)
        os.close(answered)
        stroke, minute = "", after
        with os.fdopen(heard, "rb") as lines:
            for text in lines:
                told = json.loads(text)
                if "stroke" in told:
                    stroke, minute = told["stroke"], told["minute"]
                    self.say(f"minute {minute:6}: {stroke}")
                    continue
                self.sizes.append((self.sessions, told["at"], told["bytes"]))
                if told["at"] // HOUR_MS * HOUR_MS > self.clock.ms:
                    self.beside.hour(told["at"] // HOUR_MS * HOUR_MS)
                os.write(answers, b".")
        os.close(answers)
        _, status = os.waitpid(child, 0)
        return _Segment(stroke, minute, os.waitstatus_to_exitcode(status))

    def _survived(self, segment: _Segment) -> bool:
        """Do what an operator does after an end; say whether the agent is to run on."""
        if segment.code == 0:
            return segment.stroke == Stroke.DEPLOY
        if segment.code == -signal.SIGKILL:
            self.killed += 1
            if segment.stroke == Stroke.RESTORE:
                self._restore()
            return True
        if segment.stroke != Stroke.DISK:
            log = (self.folder / "agent.log").read_text(errors="replace").strip().splitlines()
            self.unexplained.append(f"exit {segment.code} after {segment.stroke}: {log[-1] if log else ''}")
        return True

    def _restore(self) -> None:
        """Put the home back to the last backup, and take the account over with it."""
        words = ["restore", str(self.vault), "--put-aside", "--home", str(self.home.root), "--json"]
        code, said = run(self.home, words, self.clock.now(), self.folder / "restore.log")
        if code:
            self.unexplained.append(f"restore: exit {code}: {said[-400:]}")
        orders = self.control.ask("GET", "/sandbox/orders")["orders"]
        self.forgotten |= {row["clientOrderId"] for row in orders}
        child = forked(lambda: adopt(self.options), self.folder / "agent.log")
        _, status = os.waitpid(child, 0)
        if status:
            self.unexplained.append(f"adopting ended with {os.waitstatus_to_exitcode(status)}")

    def _facts(self, seconds: float) -> Facts:
        report = self.folder / "settled.json"
        child = forked(lambda: processes.settle_agent(self.options, report), self.folder / "agent.log")
        os.waitpid(child, 0)
        settled: dict[str, Any] = json.loads(report.read_text()) if report.is_file() else {}
        orders = self.control.ask("GET", "/sandbox/orders")["orders"]
        self.beside.take_in()
        self.beside.deliver()
        return Facts(self, settled, [row["clientOrderId"] for row in orders], seconds)


def rodage(plan: Plan, seed: int, root: Path | None, say: Callable[[str], None]) -> Facts:
    """Live through a plan in a folder of its own. Raises OSError where the exchange does not start."""
    folder = Path(tempfile.mkdtemp(prefix="boyd-rodage-", dir=root))
    return Rodage(plan, seed, folder, say).run()
