"""Runs cases over processes and adds them up."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from agent.drill import processes
from agent.drill.case import CaseVerdict, run_case
from agent.drill.scenario import DrillCase, options, write_candles
from agent.host.lifeline import end_with
from journal.scratch import Scratch

PREFIX = "boyd-drill-"


class Drilled(msgspec.Struct):
    """The result of a drill: runs and kills by fault, and every promise that was not kept."""

    runs: int = 0
    interrupted: int = 0
    orders: int = 0
    lost: int = 0
    doubled: int = 0
    unexplained: int = 0
    by_fault: dict[str, list[int]] = {}
    bare: dict[str, float] = {}
    """For how many seconds a position stood without a stop or a sale at most, by fault or fact."""
    by_point: dict[str, int] = {}
    broken: list[str] = []
    stopped: bool = False
    """Whether somebody stopped it before the last case."""

    @property
    def kept(self) -> bool:
        """True when every promise was kept in every run."""
        return not (self.lost or self.doubled or self.unexplained)

    def add(self, verdict: CaseVerdict) -> None:
        """Count a case in."""
        self.runs += 1
        self.interrupted += verdict.interrupted
        self.orders += verdict.orders
        self.lost += bool(verdict.lost)
        self.doubled += bool(verdict.doubled)
        self.unexplained += bool(verdict.unexplained)
        name = verdict.case.fact or verdict.case.fault
        self.bare[name] = max(self.bare.get(name, 0.0), verdict.bare)
        row = self.by_fault.setdefault(name, [0, 0, 0, 0, 0])
        for index, more in enumerate(
            (1, verdict.interrupted, bool(verdict.lost), bool(verdict.doubled), bool(verdict.unexplained))
        ):
            row[index] += more
        self.by_point[verdict.where] = self.by_point.get(verdict.where, 0) + 1
        if not verdict.kept:
            text = (*verdict.lost, *verdict.doubled, *verdict.unexplained)
            self.broken.append(f"{verdict.case}, {verdict.where}: {'; '.join(text)}")


def points_passed() -> int:
    """Return how many failpoints the scenario passes when nothing goes wrong."""
    with Scratch(PREFIX) as scratch:
        folder = scratch.path
        write_candles(folder / "BTC-USDT_1m.csv")
        venue, port = processes.exchange(folder)
        try:
            passed = folder / "points"
            data, log = folder / "BTC-USDT_1m.csv", folder / "agent.log"
            built = options(folder / "home", data, f"http://127.0.0.1:{port}", processes.key_of(folder))
            child = processes.forked(lambda: processes.run_agent(built, port, f"0:{passed}"), log)
            code = processes.wait(child, processes.RUN_SECONDS)
            if code != 0:
                raise OSError(f"the scenario ended with {code}: {log.read_text()[-500:]}")
            return len(passed.read_text().splitlines())
        finally:
            processes.stop(venue)


def run(cases: Sequence[DrillCase], workers: int, report: Callable[[Drilled], None]) -> Drilled:
    """Run cases over `workers` processes; `report` hears after each one. Ctrl-C ends it with what is done."""
    drilled = Drilled(by_fault={}, bare={}, by_point={}, broken=[])
    try:
        with (
            Scratch(PREFIX) as scratch,
            closing(_verdicts(cases, workers, scratch.path)) as verdicts,
        ):
            for verdict in verdicts:
                drilled.add(verdict)
                report(drilled)
    except KeyboardInterrupt:
        drilled.stopped = True
    return drilled


def _verdicts(cases: Sequence[DrillCase], workers: int, root: Path) -> Generator[CaseVerdict, None, None]:
    if workers == 1:
        yield from (run_case(case, root) for case in cases)
        return
    # Workers fork agents and exchanges, so they must not be daemons and have one thread each.
    context = multiprocessing.get_context("fork")
    todo: Any = context.SimpleQueue()
    done: Any = context.SimpleQueue()

    parent = os.getpid()

    def work() -> None:
        end_with(parent)
        os.setpgrp()  # a Ctrl-C at the terminal is for us alone, and we end it with all it has started
        while (case := todo.get()) is not None:
            done.put(run_case(case, root))

    team = [context.Process(target=work) for _ in range(workers)]
    for each in team:
        each.start()
    feeder = _feed(todo, cases, workers)
    try:
        for _ in cases:
            next(feeder, None)
            yield _answer(done, team)
    finally:
        _end(team)


def _end(team: Sequence[Any]) -> None:
    """End the workers with the exchanges and agents they may have running; an impatient Ctrl-C waits."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for each in team:
            try:
                os.killpg(each.pid, signal.SIGKILL)
            except ProcessLookupError:  # gone, or not so far as to have a group
                each.kill()
        for each in team:
            each.join()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _answer(done: Any, team: Sequence[Any]) -> CaseVerdict:
    """Return the next verdict. Raises OSError when every worker is gone."""
    while done.empty():
        if not any(each.is_alive() for each in team):
            raise OSError("the drill's workers have ended without an answer")
        time.sleep(0.05)
    verdict: CaseVerdict = done.get()
    return verdict


def _feed(todo: Any, cases: Iterable[DrillCase], workers: int) -> Iterator[None]:
    """Hand out cases a few ahead of the answers: a pipe that is full would stop us from reading."""
    waiting = iter(cases)
    for _, case in zip(range(2 * workers), waiting, strict=False):
        todo.put(case)
    for case in waiting:
        yield
        todo.put(case)
    for _ in range(workers):
        yield
        todo.put(None)


def workers_here() -> int:
    """Return two workers for each processor: half of a case is waiting for proofs of absence."""
    return 2 * (os.cpu_count() or 1)
