"""The council: whom to ask, what that may cost, and what came of it. It writes nothing itself.

One consultation is three steps, so that each stands in the journal before the next begins:

    planned     questions are made, and of each the reservation is checked against every cap
                (AdviceAsked is committed)
    asked       all are sent at once, each once, under one deadline for all
    answered    answers are read and charged (AdviceAnswered is committed)
    advised     those of each adviser are combined into its advice

Whoever calls writes in between (`agent.loop.advising`). Nothing here raises for what a model or a wire does.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import NamedTuple

from msgspec.structs import replace

from advice import heard, ledger
from advice.cutoff import AdviceStanding, Ruling, patience, ruling
from advice.heard import Arrived
from advice.question import TEMPLATE, QuestionFacts, render
from advice.seat import Seat
from advice.settings import AdviceSettings
from domain.advice import Advice, AdviserAnswer, AdviserQuestion, Spend
from domain.events import AdviceAnswered, AdviceAsked
from domain.ports import Clock

GRACE_SECONDS = 0.25
"""How much longer than the deadline threads are waited for, to say themselves that it passed."""

LOOK_SECONDS = 0.1
"""How often it is looked whether the session wants to end."""


class NotAsked(NamedTuple):
    """An adviser that is not asked about a symbol, and why."""

    adviser: str
    facts: QuestionFacts
    why: str


class Plan(NamedTuple):
    """The questions a consultation asks, and whom it does not ask.

    `retrospective` has the numbers of those whose answers come when the outcome could be known.
    """

    asked: tuple[AdviceAsked, ...] = ()
    retrospective: frozenset[int] = frozenset()
    refused: tuple[NotAsked, ...] = ()


class Council:
    """The advisers of a session."""

    def __init__(
        self, seats: Iterable[Seat], settings: AdviceSettings, deadline: float, clock: Clock
    ) -> None:
        self.seats = {seat.name: seat for seat in seats}
        self.settings = settings
        self.deadline = deadline
        self.clock = clock

    def planned(self, cycle_id: int, wanted: Iterable[QuestionFacts], spend: Spend, at: datetime) -> Plan:
        """Return the questions about some symbols, each with its reservation, as far as every cap allows."""
        asked: list[AdviceAsked] = []
        refused: list[NotAsked] = []
        retrospective: set[int] = set()
        for facts in wanted:
            for seat in self.seats.values():
                standing, why = self._ruling(seat, facts)
                more: list[AdviceAsked] = []
                if standing is not AdviceStanding.REFUSED:
                    more, why = self._questions(cycle_id, seat, facts, spend, at)
                if standing is AdviceStanding.RETROSPECTIVE:
                    retrospective.update(each.number for each in more)
                for each in more:
                    spend = ledger.after_asked(spend, each)
                asked += more
                if why:
                    refused.append(NotAsked(seat.name, facts, why))
        return Plan(tuple(asked), frozenset(retrospective), tuple(refused))

    def _ruling(self, seat: Seat, facts: QuestionFacts) -> Ruling:
        """Return what an answer would be worth; one that comes before the next candle closes is clean."""
        window = patience(self.deadline, facts.timeframe_ms)
        return ruling(seat.model.cutoff, facts.candle_ms, facts.timeframe_ms, facts.asked_at, window)

    def _questions(
        self, cycle_id: int, seat: Seat, facts: QuestionFacts, spend: Spend, at: datetime
    ) -> tuple[list[AdviceAsked], str]:
        """Return an adviser's questions about one symbol, all of them or none, and why none."""
        question, model = self.question(seat, facts), seat.model
        if spend.last.get(ledger.about(question), -1) >= facts.candle_ms:
            return [], "it was asked about this candle before"
        length = len(question.body.encode())
        micro_usd, tokens = ledger.reserve(length, model.max_tokens, model.micro_in, model.micro_out)
        asked: list[AdviceAsked] = []
        for sample in range(seat.adviser.samples):
            why = ledger.refusal(spend, self.settings.caps, micro_usd, tokens, at.toordinal())
            if why:
                return [], why
            sampled = replace(question, sample=sample)
            event = AdviceAsked(cycle_id, at, spend.number + 1, sampled, micro_usd, tokens)
            spend = ledger.after_asked(spend, event)
            asked.append(event)
        return asked, ""

    def question(self, seat: Seat, facts: QuestionFacts) -> AdviserQuestion:
        """Return the question an adviser would be asked."""
        body = seat.dialect.body(render(facts, seat.adviser), seat.model)
        return AdviserQuestion(
            adviser=seat.name,
            role=seat.adviser.role,
            model=seat.model.model,
            symbol=facts.symbol,
            candle_ms=facts.candle_ms,
            template=TEMPLATE,
            identity=seat.identity,
            body=body,
            lesson_set=facts.lesson_set,
            lesson_sha256=facts.lesson_sha256,
            sha256=hashlib.sha256(body.encode()).hexdigest(),
        )

    def asked(self, plan: Plan, hurry: Callable[[], bool] = lambda: False) -> dict[int, Arrived]:
        """Send all questions at once and return what came by the deadline, by number.

        It ends early where somebody is in a `hurry`: what is under way then counts as not answered.
        """
        arrived: SimpleQueue[tuple[int, Arrived]] = SimpleQueue()
        began = self.clock.monotonic()
        for event in plan.asked:
            threading.Thread(
                target=self._ask, args=(event, began, arrived), name=f"advice-{event.number}", daemon=True
            ).start()
        answers: dict[int, Arrived] = {}
        while len(answers) < len(plan.asked):
            left = self.deadline + GRACE_SECONDS - (self.clock.monotonic() - began)
            if left <= 0.0 or hurry():
                break
            try:
                number, answer = arrived.get(timeout=min(left, LOOK_SECONDS))
            except Empty:
                continue
            answers[number] = answer
        return answers

    def _ask(self, event: AdviceAsked, began: float, arrived: "SimpleQueue[tuple[int, Arrived]]") -> None:
        wire = self.seats[event.question.adviser].wire
        try:
            answer = wire.ask(event.question.body.encode(), self.deadline)
        except BaseException as error:  # noqa: BLE001 -- in a thread of its own: nobody else would hear of it
            answer = AdviserAnswer(fault=f"broken off: {type(error).__name__}")
        arrived.put((event.number, Arrived(answer, self.clock.monotonic() - began)))

    def answered(
        self, plan: Plan, arrived: Mapping[int, Arrived], at: datetime
    ) -> tuple[AdviceAnswered, ...]:
        """Return what each question is charged with, and the advice in its answer where there is any."""
        silence = Arrived(AdviserAnswer(fault=f"no answer within {self.deadline:.3g} s"), self.deadline)
        return tuple(
            heard.answered(
                self.seats[event.question.adviser],
                event,
                arrived.get(event.number, silence),
                self.deadline,
                at,
                retrospective=event.number in plan.retrospective,
            )
            for event in plan.asked
        )

    def advised(self, plan: Plan, answers: Sequence[AdviceAnswered]) -> dict[str, tuple[Advice, ...]]:
        """Return the advice of every adviser by symbol, of those too that were not asked."""
        by_number = {each.number: each for each in answers}
        groups: dict[tuple[str, str], list[AdviceAsked]] = {}
        for event in plan.asked:
            groups.setdefault((event.question.symbol, event.question.adviser), []).append(event)
        advice_on: dict[str, tuple[Advice, ...]] = {}
        for (symbol, adviser), events in groups.items():
            mine = [by_number[each.number] for each in events]
            advice_on[symbol] = (*advice_on.get(symbol, ()), heard.advised(self.seats[adviser], events, mine))
        for adviser, facts, why in plan.refused:
            silent = heard.not_asked(self.seats[adviser], facts.symbol, facts.candle_ms, why)
            advice_on[facts.symbol] = (*advice_on.get(facts.symbol, ()), silent)
        return advice_on
