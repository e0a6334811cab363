"""A rehearsal of advisers: a thousand advised cycles against a model server that fails in every way it can.

    python -m scripts.rehearse_advice --questions 2000 --seed 7

A session on a made-up market asks real HTTP advisers of `agent sandbox --model`, under caps, while every
cycle's headlines want to be orders and many answers obey them. Then four promises are judged: the spend is
what the journal's rows come to, to the micro-dollar, and inside every cap; no exit is another than without
advisers and no entry is surer; the session replays to the byte with the network forbidden; no question was
sent twice. At last its replay is timed beside that of the same market without advisers. Exit code 1 where a
promise is broken.
"""

import argparse
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from advice.council import Council
from advice.settings import AdviceSettings
from agent import wiring
from agent.host.clock import StoppedClock, SystemClock
from agent.loop.inbox import Inbox
from agent.loop.session import Session
from agent.settings.home import Home
from agent.settings.settings import Options
from agent.verify.replay import replay
from agent.wiring.advisers import convene, council
from domain.advice import usd
from domain.candle import Candle
from domain.decision import Action, Decision
from domain.events import AdviceAnswered, AdviceAsked, CycleDecided, Event
from domain.observation import Headline, Observation
from domain.ports import Observer
from journal.memory import MemoryJournal
from platforms.sandbox.model.faults import KINDS
from tests.advice.injections import HEADLINES

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

PASSES = 3
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


class Asked(Protocol):
    """A model server that tells what came, by path, and which faults struck."""

    @property
    def counts(self) -> Any:
        """Questions by path."""

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Faults in force, with how often each struck."""


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


def decisions(events: list[Event]) -> list[Decision]:
    """Return the decisions of a session, in their order."""
    return [each for event in events if isinstance(event, CycleDecided) for each in event.decisions]


@contextmanager
def no_network() -> Iterator[None]:
    """Let any socket raise."""
    kept = socket.socket

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a socket was opened")

    socket.socket = refuse  # type: ignore[assignment, misc]
    try:
        yield
    finally:
        socket.socket = kept  # type: ignore[misc]


def judged(advised: Rehearsed, advice: AdviceSettings, server: Asked) -> list[str]:
    """Return what is broken of what a rehearsal promises."""
    asked = [each for each in advised.events if isinstance(each, AdviceAsked)]
    answered = [each for each in advised.events if isinstance(each, AdviceAnswered)]
    spend = advised.parts.state.spend
    folded = sum(each.micro_usd for each in answered)
    received = sum(count for path, count in server.counts.items() if path.startswith("/v1/"))
    replayed = _replayed(advised)
    checks = {
        f"{len(asked)} asked and {len(answered)} answered": len(asked) == len(answered),
        f"{received} requests for {len(asked)} questions": received <= len(asked),
        f"spend {spend.total.micro_usd}, rows {folded}": spend.total.micro_usd == folded,
        f"spend {usd(folded)} over the cap {advice.session_usd}": folded <= advice.caps.session,
        f"replay: {replayed}": replayed is None,
        **_compared(advised),
    }
    return [words for words, kept in checks.items() if not kept]


def _replayed(advised: Rehearsed) -> Any:
    with no_network():
        return replay(advised.journal, None, StoppedClock(SystemClock())).difference


def _compared(advised: Rehearsed) -> dict[str, bool]:
    """Compare every decision with what the same cycle would have decided without a word of advice."""
    raised = exits = 0
    for said in decisions(advised.events):
        own = _own(said)
        if own > 0.0:
            raised += said.score > own + 1e-9 or said.action is Action.SELL
        else:
            exits += abs(said.score - own) > 1e-9
    return {f"{raised} entries are surer": raised == 0, f"{exits} exits are others": exits == 0}


def _own(said: Decision) -> float:
    """Return the score of the strategies alone."""
    voices = [each for each in said.voices if ":" not in each.name and each.name != "sentiment" and each.vote]
    total = sum(each.weight for each in voices)
    return sum(each.weight * each.vote * each.confidence for each in voices) / total if total else 0.0


def _advised(events: list[Event]) -> int:
    return len({each.cycle_id for each in events if isinstance(each, AdviceAsked)})


def report(advised: Rehearsed, advice: AdviceSettings) -> list[str]:
    """Return what happened, in lines."""
    answered = [each for each in advised.events if isinstance(each, AdviceAnswered)]
    why = Counter(each.why[:60] if each.advice is None or each.late else "advice" for each in answered)
    spend, cap = advised.parts.state.spend, advice.caps.session
    counted = Counter(each.action for each in decisions(advised.events))
    return [
        f"cycles     {advised.session.done:,}, {_advised(advised.events):,} of them advised",
        f"decided    {counted[Action.BUY]:,} entries, {counted[Action.SELL]:,} to sell",
        f"questions  {len(answered):,}, {spend.alarms} alarms; {_dictated(answered)} dictated by headlines",
        f"spent      {spend.total.micro_usd:,} of {cap:,} micro-USD, {spend.total.tokens:,} tokens",
        *(f"  {count:>5}  {words}" for words, count in why.most_common(30)),
    ]


def _dictated(answered: Sequence[AdviceAnswered]) -> int:
    """Return how many answers are ones that no scripted model gives by itself."""
    return sum(each.advice is not None and not 0.2 <= each.advice.probability <= 0.8 for each in answered)


def timed(advised: Rehearsed, plain: Rehearsed) -> tuple[float, float]:
    """Return ms of processor of a replayed cycle with advice and without; the best of passes in turn."""
    clock = StoppedClock(SystemClock())
    times: list[list[float]] = [[], []]
    for _ in range(PASSES):
        for place, made in enumerate((advised, plain)):
            begun = time.process_time()
            replay(made.journal, None, clock)
            times[place].append(time.process_time() - begun)
    return 1e3 * min(times[0]) / advised.session.done, 1e3 * min(times[1]) / plain.session.done


def main() -> None:
    """Rehearse, report and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--questions", type=int, default=2_000, help="of two advisers, a pair an advised cycle"
    )
    parser.add_argument("--cycles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--faults", type=float, default=0.02, help="share of questions that each fault strikes"
    )
    parser.add_argument("--usd", default="5", help="cap of the session and the day")
    asked = parser.parse_args()
    with sandbox(asked.seed) as server:
        server.load({"fault": faults(asked.faults)})
        advice = settings(server.base_url, asked.usd)
        advised = run(Market(asked.cycles, asked.seed), advice, asked.questions, HEADLINES)
        broken = judged(advised, advice, server)
        struck: Counter[str] = Counter()
        for each in server.faults:
            struck[each["kind"]] += each["fired"]
    plain = run(Market(advised.session.done, asked.seed), None, titles=HEADLINES)
    print("\n".join(report(advised, advice)))
    print("faults    ", ", ".join(f"{kind} {count}" for kind, count in struck.items()))
    mine, bare = timed(advised, plain)
    print(f"replay     {mine:.3f} ms a cycle, {bare:.3f} without advisers: {mine / bare:.3f}")
    print("\n".join(f"BROKEN     {words}" for words in broken) or "kept       every promise")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
