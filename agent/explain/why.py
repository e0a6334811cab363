"""The explanation of a cycle from its journal, down to the facts that would have had to differ."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import msgspec

from agent.answers.cycle import (
    AdviceAnswer,
    DecisionAnswer,
    EntryOrderAnswer,
    Explanation,
    FillAnswer,
    OrderAnswer,
    OrderStep,
    Seen,
    SymbolAnswer,
    VerdictAnswer,
)
from agent.explain.counterfactual import turning_point
from agent.parameters import spoken
from agent.settings.changes import SECTIONS
from agent.settings.folding import FoldSettings, fold_settings_of
from agent.settings.pairs import flat
from agent.state.checkpoints import Checkpoints
from agent.state.seeing import Observed
from agent.views.session import changed, decimal
from agent.wiring.folded import Folded, folded, options_in_force
from domain.advice import Advice, usd
from domain.errors import BadInput
from domain.events import CycleDecided, CycleEnded, Event, OrderReported, OrdersIntended, SessionStarted
from domain.instrument import Instrument
from domain.money import cash_text
from domain.observation import Observation
from domain.order import TERMINAL, Fill, Order, Receipt
from domain.ports import Records
from domain.verdict import Approved, Verdict
from reasoning.telling import reason_told

STRETCH = 4096
"""Rows looked through first for what became of a cycle's orders; then twice as many, until all are done."""


class _Story:
    """The rows of one cycle, and what later rows say of its orders."""

    def __init__(self, seq: int, decided: CycleDecided, session: SessionStarted) -> None:
        self.seq = seq
        self.decided = decided
        self.session = session
        self.ended: CycleEnded | None = None
        self.orders: list[Order] = []
        self.receipts: list[Receipt] = []

    def add(self, event: Event) -> None:
        """Take up a later row if it belongs to this cycle or to one of its orders."""
        cycle = self.decided.cycle_id
        if isinstance(event, CycleEnded) and event.cycle_id == cycle:
            self.ended = event
        elif isinstance(event, OrdersIntended) and event.cycle_id == cycle:
            self.orders.extend(event.orders)
        elif isinstance(event, OrderReported):
            self._receipt(event.receipt)
        elif isinstance(event, CycleDecided):
            for receipt in event.updates:
                self._receipt(receipt)

    @property
    def over(self) -> bool:
        """True once every order of the cycle is done, and no fill of one is missing."""
        return all(map(self._done, self.orders))

    def _done(self, order: Order) -> bool:
        mine = [each for each in self.receipts if each.client_id == order.client_id]
        lots = {fill.trade_id: fill.lots for each in mine for fill in each.fills}
        filled = max((each.filled for each in mine), default=0)
        return any(each.status in TERMINAL for each in mine) and sum(lots.values()) >= filled

    def _receipt(self, receipt: Receipt) -> None:
        if any(order.client_id == receipt.client_id for order in self.orders):
            self.receipts.append(receipt)


def explain(journal: Records, cycle: int | None, checkpoints: Checkpoints | None = None) -> Explanation:
    """Explain a cycle (the last one unless told otherwise).

    Its rows are found by the index, and the fold up to it begins at the nearest of `checkpoints`. Raises
    BadInput when the journal has no such cycle.
    """
    story = _story(journal, cycle)
    decided, ended, session = story.decided, story.ended, story.session
    before = folded(
        fold_settings_of(session),
        journal,
        lambda event: event == decided,
        checkpoints=checkpoints,
        before=story.seq,
    )
    grid = before.state.ledger.instruments
    before.state.mind = None  # it answers what it would have said, so it has not heard this cycle
    before.state.apply(
        Observed(
            decided.cycle_id,
            decided.at,
            decided.observations,
            decided.updates,
            decided.blocked,
            decided.beside,
        )
    )
    before.mind.inform((*decided.beside, *decided.observations))
    return Explanation(
        cycle=decided.cycle_id,
        at=decided.at,
        mode=session.mode,
        session=session.session,
        outcome=ended.outcome if ended else "cut off before its end",
        path=list(ended.path) if ended else [],
        blocked=before.state.ledger.blocked(),
        parameters=spoken.view(before.state, before.mind),
        changed=changed(before.state),
        limits=_limits(before),
        error=ended.error if ended else None,
        symbols=[
            _symbol(story, observation, grid[observation.symbol], before)
            for observation in decided.observations
        ]
        + list(_beside(decided, before)),
        orders=[_fate(order, story.receipts, grid[order.symbol], before) for order in story.orders],
        lessons=len(ended.lessons) if ended else 0,
    )


def _beside(decided: CycleDecided, before: Folded) -> Iterator[SymbolAnswer]:
    """Yield what was seen of symbols that strategies look at and that are not traded."""
    grid = before.beside
    for each in decided.beside:
        if each.symbol in grid:
            yield SymbolAnswer(symbol=each.symbol, seen=_seen(each, grid[each.symbol], decided.at))


def _limits(before: Folded) -> dict[str, dict[str, Any]]:
    options = options_in_force(before.options, before.state.changed)
    return {name: getattr(options, name).model_dump(mode="json") for name in SECTIONS}


def _story(journal: Records, cycle: int | None) -> _Story:
    """Gather a cycle's rows and the later fate of its orders."""
    seq, decided, session = _first(journal, cycle)
    story = _Story(seq, decided, session)
    rows = journal.find_cycle(decided.cycle_id)
    for row in rows:
        story.add(row.event)
    _later(journal, story, {row.seq for row in rows})
    return story


def wanted(journal: Records, cycle: int | None) -> tuple[FoldSettings, int]:
    """Return by which settings a cycle is explained, and the row the fold ends before. Raises BadInput."""
    seq, _, session = _first(journal, cycle)
    return fold_settings_of(session), seq


def _later(journal: Records, story: _Story, known: Collection[int]) -> None:
    """Gather what resting orders did later, from the rows of the cycles that saw it, until all are done."""
    names = {f'"{order.client_id}"'.encode() for order in story.orders}
    after, stretch, (last, _) = story.seq, STRETCH, journal.head()
    while after < last and not story.over:
        until = min(after + stretch, last)
        for row in journal.mentions(after, names, until):
            if row.seq not in known:
                story.add(row.event)
        after, stretch = until, 2 * stretch


def _first(journal: Records, cycle: int | None) -> tuple[int, CycleDecided, SessionStarted]:
    """Return a cycle's first row, and the session it belongs to. Raises BadInput where there is none such."""
    newest = journal.last_cycle() or 0
    first = None
    # While advisers are asked, the newest cycle has nothing but their questions.
    for number in (newest, newest - 1) if cycle is None else (cycle,):
        rows = journal.find_cycle(number)
        first = first or next((row for row in rows if isinstance(row.event, CycleDecided)), None)
    if first is None or not isinstance(first.event, CycleDecided):
        held = f"it holds 1 to {newest}" if newest else "it holds none yet"
        asked = "a cycle" if cycle is None else f"cycle {cycle}"
        raise BadInput(f"{asked} is not in the journal, {held}")
    begun = journal.session_of(first.seq)
    if begun is None or not isinstance(begun.event, SessionStarted):
        raise BadInput(f"row {first.seq} belongs to no session")
    return first.seq, first.event, begun.event


def _symbol(story: _Story, observation: Observation, instrument: Instrument, before: Folded) -> SymbolAnswer:
    decided = story.decided
    decision = next((built for built in decided.decisions if built.symbol == observation.symbol), None)
    mine = [each for each in decided.verdicts if each.symbol == observation.symbol]
    # A vote that was denied beside an addition that was made: what was sent is told.
    verdict = next((each for each in mine if isinstance(each, Approved)), mine[0] if mine else None)
    report = _seen(observation, instrument, decided.at)
    own = _own(before, observation.symbol)
    fault = (decided.faults or {}).get(observation.symbol, "")
    if decision is None:
        return SymbolAnswer(symbol=observation.symbol, seen=report, own=own, fault=fault)
    words = before.mind.told(observation, decision, instrument)
    return SymbolAnswer(
        symbol=observation.symbol,
        seen=report,
        decision=DecisionAnswer(
            action=decision.action,
            score=round(decision.score, 4),
            confidence=round(decision.confidence, 4),
            reason=decision.reason,
            regime=decision.regime,
            voices=list(decision.voices),
            edge=decision.edge,
            exits=list(decision.exits.words()) if decision.exits else [],
            reason_in_quote=reason_told(decision, words) if words else "",
            voices_in_quote=words,
        ),
        verdict=_verdict(verdict, instrument),
        own=own,
        fault=fault,
        # What failed was not decided by a measure.
        would_have_turned_it=None if fault else turning_point(before, observation, decision, verdict),
    )


def _own(before: Folded, symbol: str) -> dict[str, Any]:
    """Return what a symbol had of its own then, under the names of the settings of all."""
    pair = options_in_force(before.options, before.state.changed).pairs.get(symbol)
    if pair is None:
        return {}
    return dict(flat(pair.model_dump()))


def _seen(observation: Observation, instrument: Instrument, at: datetime) -> Seen:
    """Say what was seen, from where, and how old it was at the cycle's instant."""
    candle = observation.candles[-1] if observation.candles else None
    return Seen(
        source=observation.source,
        provider=observation.provider,
        fetched_at=observation.fetched_at,
        fetched_age_seconds=(at - observation.fetched_at).total_seconds(),
        new_candles=len(observation.candles),
        candle_opened_at=candle.opened_at if candle else None,
        candle_age_seconds=(at - candle.opened_at).total_seconds() if candle else None,
        candle_close=decimal(instrument.price(candle.close)) if candle else None,
        price=decimal(instrument.price(observation.quote.price)) if observation.quote else None,
        price_age_seconds=(at - observation.quote.at).total_seconds() if observation.quote else None,
        breaker=observation.breaker,
        not_served_by={attempt.provider: attempt.reason for attempt in observation.attempts},
        findings=[f"{finding.kind}: {finding.detail}" for finding in observation.findings],
        headlines=[headline.title for headline in observation.headlines],
        advice=[_advice(each) for each in observation.advice],
    )


def _advice(advice: Advice) -> AdviceAnswer:
    return AdviceAnswer(
        adviser=advice.adviser,
        role=advice.role,
        vote=advice.vote,
        probability=advice.probability,
        reason=advice.reason,
        samples=advice.samples,
        asked=advice.asked,
        usd=usd(advice.cost),
        retrospective=advice.retrospective,
    )


def _verdict(verdict: Verdict | None, instrument: Instrument) -> VerdictAnswer | None:
    if verdict is None:
        return None
    checks = list(verdict.checks)
    if isinstance(verdict, Approved):
        quantity = decimal(instrument.quantity(verdict.order.lots))
        order = _ordered(verdict, instrument)
        return VerdictAnswer(
            approved=True, quantity=quantity, sizing=verdict.sizing, checks=checks, order=order
        )
    return VerdictAnswer(approved=False, reason=verdict.reason, detail=verdict.detail, checks=checks)


def _ordered(verdict: Approved, instrument: Instrument) -> EntryOrderAnswer | None:
    """Say which order an entry was given, and which prediction against which limit chose it."""
    choice, order = verdict.choice, verdict.order
    if choice is msgspec.UNSET:
        return None
    worst = None if order.price is None else decimal(instrument.price(order.price))
    kind = "at the market" if worst is None else f"immediate or cancel at {worst} or better"
    which = f"a further one of {choice.slices}" if order.slice_of else f"the first of {choice.slices}"
    slices = f", {which} slices" if choice.slices > 1 else ""
    predicted = f"{choice.predicted_ppm / 100:g} bp of slippage predicted of a market order"
    if choice.allowed_ppm is None:
        why = f"entries.order says limit ({predicted})"
    else:
        why = f"{predicted}, {choice.allowed_ppm / 100:g} bp allowed by entries.most_of_stop"
    return EntryOrderAnswer(
        type=order.type,
        worst=worst,
        predicted=choice.predicted_ppm / 100,
        allowed=None if choice.allowed_ppm is None else choice.allowed_ppm / 100,
        slices=choice.slices,
        text=f"{kind}{slices}: {why}",
    )


def _exit(order: Order, before: Folded) -> str | None:
    """Say by which declared exit an order leaves a position or raises its stop, and from what gain on."""
    if order.ending is msgspec.UNSET:
        return None
    ledger = before.state.ledger
    held, entry = ledger.positions.get(order.symbol), before.state.entries.get(order.symbol)
    if held is None or entry is None or not entry.exits:
        return f"by {order.ending}"
    instrument = ledger.instruments[order.symbol]
    entered = held.entry_ticks(instrument.cash_factor)
    gain = order.reference / entered - 1
    declared = "; ".join(each for each in entry.exits.words() if each.startswith(order.ending))
    at = decimal(instrument.price(round(entered)))
    return f"by {declared or order.ending}; {gain:+.2%} on the entry at {at}"


def _fate(order: Order, receipts: list[Receipt], instrument: Instrument, before: Folded) -> OrderAnswer:
    """Say what became of an order: every state it went through and every fill."""
    mine = [receipt for receipt in receipts if receipt.client_id == order.client_id]
    level = order.trigger or order.price
    return OrderAnswer(
        client_id=order.client_id,
        what=f"{order.purpose} {order.side} {order.type}",
        quantity=decimal(instrument.quantity(order.lots)),
        level=None if level is None else decimal(instrument.price(level)),
        exit=_exit(order, before),
        states=[OrderStep(status=each.status, at=each.at, reason=each.reason or None) for each in mine],
        fills=[_fill(fill, instrument) for each in mine for fill in each.fills],
    )


def _fill(fill: Fill, instrument: Instrument) -> FillAnswer:
    return FillAnswer(
        trade_id=fill.trade_id,
        at=fill.at,
        quantity=decimal(instrument.quantity(fill.lots)),
        price=decimal(instrument.price(fill.price)),
        reference=decimal(instrument.price(fill.reference)),
        fee=cash_text(fill.fee, instrument.cash_decimals),
    )
