"""Questions put to a mirror without a server around it: its first reading, its second, and every filter."""

import gc
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from agent.host.clock import SystemClock
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.watched import Watched
from agent.serve.mirror import queries as asking
from agent.serve.mirror.pages import RowFilters
from agent.settings.home import Home
from benchmarks.figures import Figure, Section
from benchmarks.loop.memory import MB
from benchmarks.serve import routes
from benchmarks.serve.processes import spread
from domain.times import DAY_MS, millis, utc

ROUNDS = 200

Question = Callable[[], Any]


def queries(folder: Path) -> Section:
    """Mirror a long journal anew, open the mirror again, and ask everything over arguments that differ."""
    home = routes.long_home(folder)
    shutil.rmtree(home / "serve" / "mirrors", ignore_errors=True)
    figures = []
    for what in ("first reading", "second reading"):
        began, processor = time.perf_counter(), time.process_time()
        fleet = _ready(home)
        (watched,) = fleet.all()
        figures.append(Figure(what, "s", (time.perf_counter() - began,)))
        figures.append(Figure(f"{what}: processor", "s", (time.process_time() - processor,)))
        if what == "second reading":
            figures.append(Figure("the mirror's file", "MB", (watched.mirror.path.stat().st_size / MB,)))
            figures += [each for name, ask in _questions(watched).items() for each in _timed(name, ask)]
        fleet.close()
    rows = f"{watched.mirror.head:,} rows, {watched.mirror.state.cycle_id:,} cycles"
    return Section("queries", f"a mirror of {rows}, {ROUNDS} questions each", tuple(figures))


def _ready(home: Path) -> Fleet:
    fleet = Fleet(Home(home), SystemClock())
    fleet.start()
    while not fleet.readiness().ready:
        time.sleep(0.005)
    gc.collect()
    gc.freeze()  # as the server does
    return fleet


def _timed(name: str, question: Question) -> list[Figure]:
    """Return what a question and its JSON take."""
    times, processor = [], time.thread_time()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        msgspec.json.encode(question())
        times.append((time.perf_counter() - began) * 1000)
    return [
        Figure(f"{name}: p50", "ms", (spread(times, 0.5),)),
        Figure(f"{name}: p99", "ms", (spread(times, 0.99),), "< 25"),
        Figure(f"{name}: processor", "ms", ((time.thread_time() - processor) * 1000 / ROUNDS,)),
    ]


def _questions(watched: Watched) -> dict[str, Question]:
    mirror, chance = watched.mirror, random.Random(5)
    last, head, at = mirror.state.cycle_id, mirror.head, mirror.state.at
    ended = millis(at) if at else 0
    symbol, rules = next(iter(mirror.grid)), list(mirror.state.vetoes)

    def cursor() -> str:
        return str(chance.randrange(1, last + 1))

    def cycles(**filters: Any) -> Question:
        return lambda: asking.cycles(mirror, RowFilters(**filters), cursor())

    def day(**filters: Any) -> RowFilters:
        start = ended - chance.randrange(1, 60) * DAY_MS
        return RowFilters(since=utc(start - DAY_MS), until=utc(start), **filters)

    return {
        "row": watched.row,
        "status": watched.status,
        "why": lambda: asking.why(mirror, chance.randrange(1, last + 1)),
        "cycles": cycles(),
        "cycles of an outcome": cycles(outcome="executed"),
        "cycles of an outcome there is not": cycles(outcome="failed"),
        "cycles of a rule": lambda: asking.cycles(
            mirror, RowFilters(rule=chance.choice(rules), symbol=symbol), cursor()
        ),
        "cycles of a symbol and an outcome": cycles(symbol=symbol, outcome="denied"),
        "cycles of a day": lambda: asking.cycles(mirror, day()),
        "cycles of a day and an outcome": lambda: asking.cycles(mirror, day(outcome="executed")),
        "orders": lambda: asking.orders(mirror, cursor=str(chance.randrange(1, head))),
        "open orders": lambda: asking.orders(mirror, only_open=True),
        "fills": lambda: asking.fills(mirror),
        "trades of a day": lambda: asking.trades(mirror, day()),
        "lessons of a rule": lambda: asking.lessons(mirror, RowFilters(rule=chance.choice(rules))),
        "equity, 500 points": lambda: asking.equity(mirror, 500),
        "equity, 2,000 points": lambda: asking.equity(mirror, 2000),
        "chart": lambda: asking.chart(mirror, symbol, 300, utc(ended - chance.randrange(30 * DAY_MS))),
        "performance": lambda: asking.performance(mirror),
        "beliefs": lambda: asking.beliefs(mirror),
        "200 rows of the stream": lambda: len(mirror.events(chance.randrange(head), 200)),
    }
