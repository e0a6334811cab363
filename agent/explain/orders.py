"""The words of an explanation for the gate's verdict, and for what became of a cycle's orders."""

import msgspec

from agent.answers.cycle import EntryOrderAnswer, FillAnswer, OrderAnswer, OrderStep, VerdictAnswer
from agent.views.session import decimal
from agent.wiring.folded import Folded
from domain.instrument import Instrument
from domain.money import cash_text
from domain.order import Fill, Order, Receipt
from domain.verdict import Approved, Verdict


def judged(verdict: Verdict | None, instrument: Instrument) -> VerdictAnswer | None:
    """Say what the gate made of a decision, rule by rule; None where it was not asked."""
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


def fate(order: Order, receipts: list[Receipt], instrument: Instrument, before: Folded) -> OrderAnswer:
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
