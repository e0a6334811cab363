"""The promises of a rehearsal, judged by its journal and by what its model server was asked."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from advice.settings import AdviceSettings
from agent.host.clock import StoppedClock, SystemClock
from agent.verify.replay import replay
from domain.advice import usd
from domain.decision import Action, Decision
from domain.events import AdviceAnswered, AdviceAsked, CycleDecided, Event
from scripts.rehearse_advice.rig import Rehearsed


class Asked(Protocol):
    """A model server that tells what came, by path, and which faults struck."""

    @property
    def counts(self) -> Any:
        """Questions by path."""

    @property
    def faults(self) -> list[dict[str, Any]]:
        """Faults in force, with how often each struck."""


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
