"""Forecasts of voices and what came of them, folded from cycles and their lessons. Pure.

A forecast is a voice's probability that an entry's net result is above 0, given when the entry was decided;
its outcome is the entry's trade, or its watched veto where a rule denied it or a voice held it back. An
adviser states its probability. Of every other voice one is read into its vote: confidence 0 is even odds,
100 certainty, so p = 1/2 + vote * confidence / 200. Whether that reading is worth anything is what the
figures of `learning.scores` say.

The base rate of a forecast is that of its voice's outcomes known when it was given, by Laplace's rule of
succession, (won + 1) / (count + 2): a base rate of all outcomes, later ones among them, would flatter.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.advice import VOICE, Advice
from domain.decision import Action, Voice
from domain.events import CycleDecided, CycleEnded, Event
from domain.lesson import Lesson
from domain.times import millis

LOST = frozenset(("adopted", "written off"))
"""Endings that say nothing of an entry: somebody else's deed, or a pair that is gone."""


class Tally(msgspec.Struct, frozen=True):
    """A voice's outcomes so far: how many, and how many of them earned something."""

    count: int = 0
    won: int = 0

    @property
    def base(self) -> float:
        """The base rate as it is known from them."""
        return (self.won + 1) / (self.count + 2)


class Forecast(msgspec.Struct, frozen=True):
    """A voice's forecast of one entry, before its outcome is known.

    `at` is when it was given, in ms. `identity` is that of an adviser, "" of other voices. `retrospective`
    ones were given when the outcome could be known. `held_back` says that the voice alone was enough to hold
    the entry back.
    """

    voice: str
    cycle: int
    symbol: str
    at: int
    vote: int
    probability: float
    base: float
    identity: str = ""
    retrospective: bool = False
    held_back: bool = False


class Resolved(msgspec.Struct, frozen=True):
    """A forecast and its outcome: the net result as a fraction, and when it was learned, in ms.

    `kind` is that of the lesson, "trade" or "veto".
    """

    forecast: Forecast
    result: float
    learned_at: int
    kind: str

    @property
    def won(self) -> bool:
        """True when the entry earned something after costs."""
        return self.result > 0


def stated(vote: int, confidence: float) -> float:
    """Return the probability that an entry earns something, as a voice's vote and confidence are read."""
    return min(1.0, max(0.0, 0.5 + vote * confidence / 200.0))


def foretells(event: CycleDecided) -> bool:
    """Say whether a cycle may hold forecasts; most hold none."""
    return bool(event.verdicts) or any(each.held_back for each in event.decisions)


def forecasts_of(event: CycleDecided, known: Mapping[str, Tally]) -> list[Forecast]:
    """Return the forecasts of a cycle: of each entry judged or held back, one of every voice that spoke.

    `known` are the outcomes known by then, by voice.
    """
    if not foretells(event):
        return []
    judged = {verdict.symbol for verdict in event.verdicts}
    advice = {each.symbol: each.advice for each in event.observations}
    at = millis(event.at)
    return [
        Forecast(
            name, event.cycle_id, decision.symbol, at, vote, chance, _base(known, name), identity, late,
            held_back=any(name in each.by for each in decision.held_back),
        )
        for decision in event.decisions
        if decision.held_back or (decision.action is Action.BUY and decision.symbol in judged)
        for name, vote, chance, identity, late in (
            *_of_voices(decision.voices),
            *_of_advisers(advice.get(decision.symbol, ())),
        )
    ]  # fmt: skip


def _base(known: Mapping[str, Tally], voice: str) -> float:
    return known.get(voice, Tally()).base


def _of_voices(voices: Iterable[Voice]) -> list[tuple[str, int, float, str, bool]]:
    return [
        (each.name, each.vote, stated(each.vote, each.confidence), "", False)
        for each in voices
        if each.vote and not each.name.startswith(VOICE)
    ]


def _of_advisers(advice: Iterable[Advice]) -> list[tuple[str, int, float, str, bool]]:
    """Return what advisers state; one that abstains states a probability all the same."""
    return [
        (each.voice, each.vote, each.probability, each.identity, each.retrospective)
        for each in advice
        if each.samples > 0
    ]


def says_something(lesson: Lesson) -> bool:
    """Say whether a lesson is the outcome of forecasts."""
    return lesson.exit not in LOST


def resolved(forecast: Forecast, lesson: Lesson) -> Resolved:
    """Return a forecast with the outcome a lesson tells."""
    return Resolved(forecast, lesson.result, millis(lesson.learned_at), lesson.kind)


class ForecastFold:
    """Forecasts folded from events in the journal's order: those open, and those whose outcome is known."""

    def __init__(self) -> None:
        self.open: dict[tuple[int, str], Sequence[Forecast]] = {}
        self.tallies: dict[str, Tally] = {}
        self.resolved: list[Resolved] = []

    def apply(self, event: Event) -> None:
        """Take in one event; only cycles say something here."""
        if isinstance(event, CycleDecided):
            for forecast in forecasts_of(event, self.tallies):
                key = forecast.cycle, forecast.symbol
                self.open[key] = (*self.open.get(key, ()), forecast)
        elif isinstance(event, CycleEnded):
            for lesson in event.lessons:
                self._learn(lesson)

    def _learn(self, lesson: Lesson) -> None:
        given = self.open.pop((lesson.context.cycle_id, lesson.context.symbol), ())
        if not says_something(lesson):
            return
        for forecast in given:
            done = resolved(forecast, lesson)
            self.resolved.append(done)
            self.tallies[forecast.voice] = after(self.tallies.get(forecast.voice, Tally()), done)


def after(tally: Tally, done: Resolved) -> Tally:
    """Return a tally with one more outcome."""
    return Tally(tally.count + 1, tally.won + done.won)
