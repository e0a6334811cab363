"""The loop over candles of the past with advisers that are really asked: how a retrospective tape is made.

What is asked and answered is journaled, in a journal of its own that every such run of a home goes on with:
its spend is under the caps, an answer that was paid for is never asked for again, and a question that was
sent and not answered stays so. A model that may know what came of the candles is refused before anything is
sent; after that every answer carries its label.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from advice import ledger
from advice.council import Council, Plan
from advice.cutoff import first_unknown
from advice.heard import not_asked
from advice.question import QuestionFacts
from advice.settings import AdviceSettings
from advice.tape import AdviceTape, TapeKey
from agent.loop.advising import Advising
from agent.loop.session import Session
from agent.loop.turn import Turn
from agent.settings.settings import Options
from agent.verify.parity import run_loop
from agent.wiring.advisers import convene
from agent.wiring.folded import Parts
from domain.advice import Advice, Spend
from domain.errors import BadInput
from domain.events import AdviceAnswered, AdviceAsked, Event
from domain.ports import Journal
from domain.times import utc
from research.data.candles import Candles


class BudgetReached(BadInput):
    """A cap does not allow the next question."""


class Consulted:
    """Questions and answers of a journal, folded: what was spent, and what each answer was."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.spend = Spend()
        self.asked: dict[TapeKey, list[AdviceAsked]] = {}
        self.answers: dict[int, AdviceAnswered] = {}
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Fold an event."""
        if isinstance(event, AdviceAsked):
            self.spend = ledger.after_asked(self.spend, event)
            question = event.question
            key = TapeKey(question.adviser, question.symbol, question.candle_ms, question.sha256)
            self.asked.setdefault(key, []).append(event)
        elif isinstance(event, AdviceAnswered):
            self.spend = ledger.after_answered(self.spend, event)
            self.answers[event.number] = event


class PastAdvising(Advising):
    """Asks about candles of the past, each question once for ever, and keeps what was answered."""

    def __init__(self, journal: Journal, consulted: Consulted, **parts: Any) -> None:
        super().__init__(**parts)
        self.journal = journal
        self.consulted = consulted
        self.pieces: list[Advice] = []

    def __call__(self, turn: Turn) -> None:
        """Add to a turn's observations what advisers say. Raises BudgetReached."""
        advice: dict[str, tuple[Advice, ...]] = {}
        for facts in self._wanted(turn) if self.mind.votes(turn.observations) else ():
            self._ask(turn.cycle_id, facts)
            advice[facts.symbol] = tuple(self._heard(facts, name) for name in self.council.seats)
            self.pieces += advice[facts.symbol]
        turn.observations = [
            replace(each, advice=advice[each.symbol]) if each.symbol in advice else each
            for each in turn.observations
        ]

    def _key(self, facts: QuestionFacts, name: str) -> TapeKey:
        question = self.council.question(self.council.seats[name], facts)
        return TapeKey(name, facts.symbol, facts.candle_ms, question.sha256)

    def _ask(self, cycle_id: int, facts: QuestionFacts) -> None:
        names = [name for name in self.council.seats if self._key(facts, name) not in self.consulted.asked]
        if not names:
            return
        council, clock = self._of(names), self.council.clock
        plan = council.planned(cycle_id, [facts], replace(self.consulted.spend, last={}), clock.now())
        if plan.refused:
            raise BudgetReached(
                f"{plan.refused[0].why}; what was answered is kept: the same command goes on from there"
            )
        self._write(plan.asked)
        arrived = council.asked(plan)
        self._write(council.answered(plan, arrived, clock.now()))

    def _of(self, names: Sequence[str]) -> Council:
        seats = [self.council.seats[name] for name in names]
        return Council(seats, self.council.settings, self.council.deadline, self.council.clock)

    def _write(self, events: Sequence[Event]) -> None:
        self.journal.append(*events)
        for event in events:
            self.consulted.take(event)

    def _heard(self, facts: QuestionFacts, name: str) -> Advice:
        """Return an adviser's advice from the answers that are journaled, whenever they came."""
        key = self._key(facts, name)
        asked = tuple(self.consulted.asked[key])
        answers = [
            self.consulted.answers[each.number] for each in asked if each.number in self.consulted.answers
        ]
        if answers:
            return self._of([name]).advised(Plan(asked[: len(answers)]), answers)[facts.symbol][0]
        silent = not_asked(self.council.seats[name], facts.symbol, facts.candle_ms, "it was never answered")
        return replace(silent, question_sha256=key.question_sha256, answered_at=asked[0].at)


def refuse_known(settings: AdviceSettings, candles: Sequence[Candles], warmup: int) -> None:
    """Raise BadInput where a model may know what came of the candles it would be asked about."""
    first = min(int(each.time[min(warmup, len(each) - 1)]) for each in candles)
    for name in dict.fromkeys(each.model for each in settings.advisers.values()):
        known = first_unknown(settings.models[name].cutoff)
        if utc(first) < known:
            raise BadInput(
                f"advice.models.{name}: its cutoff is {settings.models[name].cutoff}, and the candles begin "
                f"{utc(first):%Y-%m-%d}: it may know what came of them. Candles from {known:%Y-%m-%d} on may "
                f"be asked about: --timerange {known:%Y%m%d}-"
            )


def ask_past(
    options: Options,
    candles: Sequence[Candles],
    council: Council,
    journal: Journal,
    tick: Callable[[int], None] = lambda _cycle: None,
    beside: Sequence[Candles] = (),
) -> tuple[AdviceTape, Spend]:
    """Run the loop over candles with advisers, and return their advice as a tape and what all runs spent.

    Raises BudgetReached where a cap allows no more, BadInput where a model may know the outcome.
    """
    refuse_known(options.advice, candles, options.perception.warmup_candles)
    consulted = Consulted(row.event for row in journal.rows())
    makers: list[PastAdvising] = []

    def past(**rest: Any) -> Advising:
        makers.append(PastAdvising(journal, consulted, **rest))
        return makers[0]

    def begin(session: Session, parts: Parts) -> None:
        convene(session, parts, council, past)

    run_loop(options, candles, tick, begin, beside=beside)
    return AdviceTape(options.timeframe_ms, makers[0].pieces), consulted.spend
