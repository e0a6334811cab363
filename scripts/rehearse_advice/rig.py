"""The session of a rehearsal: a made-up market, a model server that fails, headlines that want orders."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from msgspec.structs import replace

from advice.council import Council
from advice.settings import AdviceSettings
from agent import wiring
from agent.host.clock import SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.home import Home
from agent.settings.settings import Options
from agent.wiring.advisers import convene, council
from domain.candle import Candle
from domain.events import AdviceAsked, Event
from domain.observation import Headline, Observation
from domain.ports import Observer
from journal.memory import MemoryJournal
from platforms.sandbox.model.faults import KINDS

DEADLINE = 1.0
PRICES = {"price_in": "1", "price_out": "4", "cutoff": "2020-01-01"}
FIELDS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 3.0}, "drip": {"seconds": 0.05}, "huge": {"bytes": 100_000},
    "throttle": {"seconds": 1}, "cut": {"bytes": 30},
}  # fmt: skip
RARE = ("slow", "drip")
"""Faults that cost a deadline each."""
OBEYED = 0.25
"""Share of answers that do what a headline dictates, where one does."""

TOKENS = 100_000_000
"""Cap on tokens: money is what ends a rehearsal."""

USAGES = ("nothing", "too much", "below zero", "a fraction", "a text", "zero")


def faults(share: float) -> list[dict[str, Any]]:
    """Return every kind of fault, each striking that share of the questions."""
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        chance = share / 5 if kind in RARE else OBEYED if kind == "obeys" else share
        each = {"kind": kind, "probability": chance, **FIELDS.get(kind, {})}
        rows += [each | {"tells": usage} for usage in USAGES] if kind == "usage" else [each]
    return rows


def settings(base_url: str, day_usd: str) -> AdviceSettings:
    """Return four advisers of two vendors' shapes, under caps."""
    models = {
        "one": {"kind": "openai", "model": "one", "base_url": f"{base_url}/v1", **PRICES},
        "two": {"kind": "anthropic", "model": "two", "base_url": f"{base_url}/v1", **PRICES},
    }
    advisers = {
        "macro": {"model": "one", "samples": 1},
        "doubt": {"model": "two", "role": "critic", "samples": 1},
    }
    told = {"models": models, "advisers": advisers, "deadline_seconds": DEADLINE, "day_usd": day_usd}
    tokens = {"day_tokens": TOKENS, "session_tokens": TOKENS}
    return AdviceSettings.model_validate(told | tokens | {"session_usd": day_usd})


class Market(NamedTuple):
    """The simulated market of a rehearsal: how many cycles, and from which seed."""

    cycles: int
    seed: int


def options(market: Market, advice: AdviceSettings | None, **more: Any) -> Options:
    """Return the options of a session that enters often, unless `more` says otherwise."""
    told: dict[str, Any] = {
        "home": Path("nowhere"), "provider": "simulated", "symbols": ("BTC-USDT",), "speed": "max",
        "simulated": {"seed": market.seed},
        "reasoning": {"strategies": ["rsi"], "rsi": {"period": 3, "lower": 49, "upper": 51}},
        "risk": {
            "min_confidence": 0, "max_trades_per_day": 1_000, "cool_down_minutes": 0,
            "loss_streak_paper": 1_000, "daily_loss": "9000",
        },
    }  # fmt: skip
    return Options.model_validate(told | ({"advice": advice} if advice else {}) | more)


class SandboxProcess:
    """`agent sandbox --model`, a process of its own, asked about itself over HTTP."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.removesuffix("/v1")

    @property
    def counts(self) -> dict[str, int]:
        """Questions by path."""
        return dict(self._told("GET", "/sandbox/status")["requests"])

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Faults in force, with how often each struck."""
        return list(self._told("GET", "/sandbox/status")["faults"])

    def load(self, plan: dict[str, Any]) -> None:
        """Put a plan in force."""
        self._told("POST", "/sandbox/plan", json.dumps(plan))

    def _told(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        connection = HTTPConnection(self.base_url.rpartition("/")[2], timeout=30)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            return dict(json.loads(connection.getresponse().read()))
        finally:
            connection.close()


@contextmanager
def sandbox(seed: int) -> Iterator[SandboxProcess]:
    """Run `agent sandbox --model` beside."""
    command = "import sys; from agent.cli import main; sys.argv[0] = 'agent'; main()"
    words = ["sandbox", "--model", "--port", "0", "--seed", str(seed), "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *words], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None  # noqa: S101 -- it is piped
        try:
            told = "".join(iter(child.stdout.readline, "}\n"))
            yield SandboxProcess(json.loads(told + "}")["base_url"])
        finally:
            child.terminate()


class Injected:
    """An observer whose headlines want to be orders: three of the corpus in each cycle, all in turn."""

    def __init__(self, inner: Observer, titles: Sequence[str]) -> None:
        self.inner = inner
        self.titles = [each for each in titles if "\ud800" not in each]
        self.seen = 0

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        """Return what the market told, with headlines."""
        told = self.inner.observe(symbol, after, now)
        news = []
        for _ in range(3):
            title = self.titles[self.seen % len(self.titles)]
            news.append(Headline(title, now - timedelta(seconds=1), "wild"))
            self.seen += 1
        return replace(told, headlines=tuple(news))

    def close(self) -> None:
        """Close the market."""
        self.inner.close()


class Rehearsed(NamedTuple):
    """A session that ran: its journal, events and parts."""

    journal: MemoryJournal
    events: list[Event]
    session: Session
    parts: Any


def run(
    market: Market,
    advice: AdviceSettings | None,
    questions: int = 0,
    titles: Sequence[str] = (),
    **more: Any,
) -> Rehearsed:
    """Run a session of so many cycles, or until so many questions were asked; `titles` are its headlines."""
    chosen = options(market, advice, **more)
    journal = MemoryJournal("ab" * 6)
    parts = wiring.parts(chosen, journal)
    clock = SystemClock()
    inbox = Inbox(clock)
    source = wiring.market(parts, clock, Home(chosen.home))
    observer = Injected(source.observer, titles) if titles else source.observer
    session = wiring.session(parts, journal, observer, wiring.paper_platform(parts), inbox, at=clock.now())
    events: list[Event] = []
    session.listeners.append(events.append)
    if advice:
        found = council(chosen, clock)
        assert isinstance(found, Council)  # noqa: S101 -- there are advisers
        convene(session, parts, found)
    pacer = wiring.pacer(chosen, source, clock, inbox.wait)
    session.run(_Until(pacer, market.cycles, lambda: bool(questions) and _asked(events) >= questions))
    return Rehearsed(journal, events, session, parts)


def _asked(events: list[Event]) -> int:
    return next((each.number for each in reversed(events) if isinstance(each, AdviceAsked)), 0)


class _Until:
    """A pacer that ends after so many cycles, or when enough was asked."""

    def __init__(self, inner: Any, cycles: int, enough: Any) -> None:
        self.inner, self.left, self.enough = inner, cycles, enough

    def next(self) -> Any:
        self.left -= 1
        return None if self.left < 0 or self.enough() else self.inner.next()
