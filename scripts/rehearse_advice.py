"""A rehearsal of advisers: a thousand advised cycles against a model server that fails in every way it can.

    python -m scripts.rehearse_advice --questions 1000 --seed 7

A session on a made-up market asks real HTTP advisers on loopback, under caps. Then four promises are judged:
the spend is what the journal's rows come to, to the micro-dollar, and inside every cap; no exit is another
than without advisers and no entry is surer; the session replays to the byte with the network forbidden; no
question was sent twice. Exit code 1 where one is broken.
"""

import argparse
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

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
from domain.decision import Action, Decision
from domain.events import AdviceAnswered, AdviceAsked, CycleDecided, Event
from journal.memory import MemoryJournal
from platforms.sandbox.model.faults import KINDS
from platforms.sandbox.model.server import ModelServer

DEADLINE = 1.0
PRICES = {"price_in": "1", "price_out": "4", "cutoff": "2020-01-01"}
FIELDS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 3.0}, "drip": {"seconds": 0.05}, "huge": {"bytes": 100_000},
    "throttle": {"seconds": 1}, "cut": {"bytes": 30},
}  # fmt: skip
RARE = ("slow", "drip")
"""Faults that cost a deadline each."""
USAGES = ("nothing", "too much", "below zero", "a fraction", "a text", "zero")


def faults(share: float) -> list[dict[str, Any]]:
    """Return every kind of fault, each striking that share of the questions."""
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        chance = share / 5 if kind in RARE else share
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
    return AdviceSettings.model_validate(told | {"session_usd": day_usd})


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


class Rehearsed(NamedTuple):
    """A session that ran: its journal, events and parts."""

    journal: MemoryJournal
    events: list[Event]
    session: Session
    parts: Any


def run(market: Market, advice: AdviceSettings | None, questions: int = 0, **more: Any) -> Rehearsed:
    """Run a session of so many cycles, or until so many questions were asked."""
    chosen = options(market, advice, **more)
    journal = MemoryJournal("ab" * 6)
    parts = wiring.parts(chosen, journal)
    clock = SystemClock()
    inbox = Inbox(clock)
    source = wiring.market(parts, clock, Home(chosen.home))
    session = wiring.session(
        parts, journal, source.observer, wiring.paper_platform(parts), inbox, at=clock.now()
    )
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


def judged(advised: Rehearsed, advice: AdviceSettings, server: ModelServer) -> list[str]:
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


def report(advised: Rehearsed) -> list[str]:
    """Return what happened, in lines."""
    answered = [each for each in advised.events if isinstance(each, AdviceAnswered)]
    why = Counter(each.why[:60] if each.advice is None or each.late else "advice" for each in answered)
    spend = advised.parts.state.spend
    return [
        f"cycles     {advised.session.done}, {_advised(advised.events)} of them advised",
        f"questions  {len(answered)}, alarms {spend.alarms}",
        f"spent      {usd(spend.total.micro_usd)} USD, {spend.total.tokens} tokens",
        *(f"  {count:>5}  {words}" for words, count in why.most_common(30)),
    ]


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
    began = time.process_time()
    with ModelServer(seed=asked.seed) as server:
        server.load({"fault": faults(asked.faults)})
        advice = settings(server.base_url, asked.usd)
        advised = run(Market(asked.cycles, asked.seed), advice, asked.questions)
        broken = judged(advised, advice, server)
        struck = {each["kind"]: 0 for each in server.faults}
        for each in server.faults:
            struck[each["kind"]] += each["fired"]
    print("\n".join(report(advised)))
    print("faults    ", ", ".join(f"{kind} {count}" for kind, count in struck.items()))
    print(f"CPU        {time.process_time() - began:.1f} s, model server included")
    print("\n".join(f"BROKEN     {words}" for words in broken) or "kept       every promise")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
