"""One case from start to verdict: run, kill, recover, settle, and ask the exchange what really happened."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agent.drill import processes
from agent.drill.bare import longest_bare
from agent.drill.facts import FACTS, Fact
from agent.drill.planned import beyond_plan
from agent.drill.processes import USUAL, Control
from agent.drill.scenario import AFTER, FAULTS, DrillCase, options, write_candles
from edge.strict_json import shallow
from journal.stored import Broken
from journal.verify import verify

BARE_SECONDS = 15.0
"""For how long, by the exchange's clock, a position may stand without a stop or a sale: the agent dead, its
successor starting, and an order's fate being found out. Twice as long where recoveries are killed too."""

RECOVERIES = 6
"""How often a recovery that is killed too may begin anew before it counts as not converging."""


class CaseVerdict(NamedTuple):
    """The verdict on a case: how often the agent was killed, where, and each promise not kept."""

    case: DrillCase
    interrupted: int
    where: str
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    orders: int = 0
    bare: float = 0.0
    """For how many seconds a position stood without a stop or a sale at most."""

    @property
    def kept(self) -> bool:
        """True when every promise was kept."""
        return not (self.lost or self.doubled or self.unexplained)


def run_case(case: DrillCase, root: Path | None = None) -> CaseVerdict:
    """Run a case in a folder of its own under `root`, which goes when it is done."""
    try:
        with tempfile.TemporaryDirectory(prefix="boyd-drill-", dir=root) as name:
            return _in_folder(case, Path(name))
    except Exception as error:  # noqa: BLE001 -- a case that cannot be judged is told like any other
        return CaseVerdict(case, 0, "not judged", unexplained=(f"{type(error).__name__}: {error}",))


def _in_folder(case: DrillCase, folder: Path) -> CaseVerdict:
    write_candles(folder / "BTC-USDT_1m.csv")
    venue, port = processes.exchange(folder, _fact(case))
    control = Control(port)
    try:
        return _Run(case, folder, port, control).verdict()
    finally:
        control.close()
        processes.stop(venue)


def _fact(case: DrillCase) -> Fact:
    return FACTS[case.fact] if case.fact else USUAL


class _Run:
    def __init__(self, case: DrillCase, folder: Path, port: int, control: Control) -> None:
        self.case = case
        self.fact = _fact(case)
        self.forgotten: set[str] = set()
        self.folder = folder
        self.port = port
        self.control = control
        data, url = folder / "BTC-USDT_1m.csv", f"http://127.0.0.1:{port}"
        self.options = self.fact.settings(options(folder / "home", data, url, processes.key_of(folder)))
        self.points = folder / "points"
        self.interrupted = 0
        self.unexplained: list[str] = []

    def verdict(self) -> CaseVerdict:
        self._interrupt()
        where = self._where()
        self._restore()
        self._late_faults()
        self._recover()
        self.control.ask("DELETE", "/sandbox/faults")
        self._keep_clock()
        report = self._settle()
        lost, doubled, orders = self._compare(report)
        bare = self._bare()
        if self.fact.late and not orders:
            # It died before it had taken the account over; with its facts unreadable it never will.
            lost, self.unexplained = [], []
        return CaseVerdict(
            self.case,
            self.interrupted,
            where,
            tuple(lost),
            tuple(doubled),
            tuple(self.unexplained),
            orders,
            bare,
        )

    def _bare(self) -> float:
        report = self.control.ask("GET", "/sandbox/status")
        seconds = longest_bare(self.folder / "bare.json", report["time"] - report["clock_offset_ms"])
        limit = BARE_SECONDS * (2 if self.case.again else 1)
        if seconds > limit:
            self.unexplained.append(f"a position stood bare for {seconds:.1f} s, the limit is {limit:g}")
        return seconds

    def _restore(self) -> None:
        """Give a dead agent's successor the journal of an earlier time, and take the account over with it."""
        if not self.fact.restores:
            return
        journals, backup = self.folder / "home" / "journals", self.folder / "backup"
        shutil.copytree(journals, backup)
        self._agent(f"{max(1, self.case.point // 2)}:{self.points}")
        shutil.rmtree(journals)
        shutil.copytree(backup, journals)
        orders = self.control.ask("GET", "/sandbox/orders")["orders"]
        self.forgotten = {row["clientOrderId"] for row in orders}
        self._ended(_agent(lambda: processes.adopt_agent(self.options), self.folder / "agent.log"))

    def _keep_clock(self) -> None:
        """Leave the exchange's clock where it went: a proof of absence begins anew when it leaps back."""
        clocks = [each | {"start": 0} for each in self.fact.faults if each["kind"] == "clock"]
        if clocks:
            self.control.ask("POST", "/sandbox/faults", {"fault": clocks})

    def _late_faults(self) -> None:
        if self.fact.late and self.fact.faults:
            self.control.ask("POST", "/sandbox/faults", {"fault": list(self.fact.faults)})

    def _interrupt(self) -> None:
        faults = [*FAULTS[self.case.fault], *(() if self.fact.late else self.fact.faults)]
        if self.case.waits:
            delay = {"kind": "delay", "seconds": 0.5, "method": "*", "path": "/api/v3/order*"}
            faults = [*faults, delay | {"when": "after" if self.case.waits == AFTER else "before"}]
        if faults:
            self.control.ask("POST", "/sandbox/faults", {"fault": faults})
        self._agent(f"{self.case.point}:{self.points}", killing=bool(self.case.waits))
        if self.case.waits:
            self.control.ask("DELETE", "/sandbox/faults")

    def _recover(self) -> None:
        """Start again, as an operator would; with `again` the recovery is killed too, again and again."""
        for _ in range(RECOVERIES if self.case.again else 0):
            if self._agent(f"{self.case.again}:{self.points}") != -signal.SIGKILL:
                return
        self._agent("0")

    def _agent(self, fuse: str, *, killing: bool = False) -> int | None:
        fact = USUAL if self.fact.late and not self.interrupted else self.fact
        log = self.folder / "agent.log"
        child = _agent(lambda: processes.run_agent(self.options, self.port, fuse, fact), log)
        return self._ended(child, self._killer(child) if killing else lambda: None)

    def _ended(self, child: int, meanwhile: Callable[[], None] = lambda: None) -> int | None:
        """Wait for an agent's end; count a kill, and keep what speaks against an end of its own."""
        log = self.folder / "agent.log"
        code = processes.wait(child, processes.RUN_SECONDS, meanwhile)
        if code == -signal.SIGKILL:
            self.interrupted += 1
        elif code is None:
            self.unexplained.append(f"the agent hung: {_end(log)}")
        elif code:
            self.unexplained.append(f"exit {code}: {_last(log)}")
        return code

    def _killer(self, child: int) -> Any:
        """Return what kills the agent once its n-th message is at the exchange and not yet answered."""

        def look() -> None:
            counts = self.control.ask("GET", "/sandbox/orders")
            key = "executed" if self.case.waits == AFTER else "received"
            if _messages(counts, key) >= self.case.message:
                os.kill(child, signal.SIGKILL)

        return look

    def _where(self) -> str:
        if self.case.waits:
            return f"waiting, {self.case.waits}"
        passed = self.points.read_text().splitlines() if self.points.is_file() else []
        return passed[self.case.point - 1] if 0 < self.case.point <= len(passed) else "not reached"

    def _settle(self) -> dict[str, Any]:
        answer = self.folder / "told.json"
        log = self.folder / "agent.log"
        for ban in (self.folder / "home").glob("budgets/*.ban"):
            ban.unlink()  # the operator has waited
        child = _agent(lambda: processes.settle_agent(self.options, answer), log)
        code = processes.wait(child, processes.RUN_SECONDS)
        if code != 0:
            self.unexplained.append(f"settling ended with {code}: {_last(log)}")
        journal = self.folder / "home" / "journals" / "drill.db"
        checked = verify(journal) if journal.is_file() else None
        if checked is None:
            self.unexplained.append("there is no journal")
        elif isinstance(checked, Broken):
            self.unexplained.append(f"journal row {checked.seq}: {checked.what}")
        return dict(json.loads(shallow(answer.read_text()))) if answer.is_file() else {}

    def _compare(self, answer: dict[str, Any]) -> tuple[list[str], list[str], int]:
        """Hold what the agent believes against every order the exchange ever had."""
        orders = self.control.ask("GET", "/sandbox/orders")["orders"]
        names = [row["clientOrderId"] for row in orders]
        doubled = sorted({name for name in names if names.count(name) > 1})
        doubled += beyond_plan(orders, self.options.entries.slices, self.fact.exits)
        lost = sorted(set(names) - set(answer.get("intended", ())) - self.forgotten)
        if answer and not answer["in_line"]:
            kinds = ("strange_orders", "unresolved", "differences", "contradictions")
            lost += [f"{kind}: {each}" for kind in kinds for each in answer[kind]]
        for symbol, lots in answer.get("positions", {}).items():
            if answer["resting"].get(symbol, 0) < lots:
                self.unexplained.append(f"{lots} lots of {symbol} stand without their stop")
        return lost, doubled, len(orders)


def _messages(counts: dict[str, Any], key: str) -> int:
    return sum(int(row.get(key, 0)) for row in counts["requests"].values())


def _agent(work: Callable[[], None], log: Path) -> int:
    return processes.forked(work, log, processes.TELL_SECONDS)


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-2_000:] if log.is_file() else ""


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.is_file() else []
    return lines[-1][:300] if lines else "nothing was said"
