"""Judging a decision: an entry meets every rule, an exit only the exchange's filters.

Pure: the same case gives the same verdict. A refusal is a Denied with the first failing rule's
reason; the rest is measured and recorded all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from domain.account import Account, Position
from domain.decision import Action
from domain.errors import LocalFault
from domain.instrument import Instrument
from domain.money import notional
from domain.order import Order, OrderType, Purpose, Side
from domain.verdict import Approved, Check, Denied, Verdict
from risk.case import Addition, Case, Slice
from risk.checks import Gate, checks_of, detail, filters_check
from risk.choice import chosen, ordered
from risk.entry_orders import worst_price
from risk.facts import Facts
from risk.reading import book_of, entry_of, feed_of
from risk.sizing import explain, size_entry
from risk.table import NOTHING_TO_REDUCE


def judge(case: Case) -> Verdict:
    """Return an order that may be sent, or the reason why none may.

    Raises LocalFault for a decision to hold, for an observation of another symbol and for a
    symbol without an instrument: such a case was put together wrongly.
    """
    decision = case.decision
    if case.observation.symbol != case.symbol:
        raise LocalFault(f"decision on {case.symbol} comes with an observation of {case.observation.symbol}")
    if decision.action is Action.BUY:
        return _enter(case)
    if decision.action is Action.SELL:
        position = case.account.positions.get(case.symbol)
        return _reduce_nothing(case) if position is None else _leave(case, position)
    raise LocalFault(f"decision to {decision.action} on {case.symbol} has nothing to judge")


def judge_slice(case: Case, part: Slice) -> Verdict:
    """Return the next slice of an entry that was approved in several, or the reason why it is not sent.

    Every rule is asked again, at the present quote; the loss at the stop is that of all that is held by then.
    """
    entry, book, policy = entry_of(case), book_of(case), case.policy
    lots = case.instrument.sendable(part.lots)
    order = msgspec.structs.replace(
        _entry_order(case, lots, entry.price),
        type=OrderType.IOC,
        price=case.instrument.below(worst_price(policy.orders, entry.price)),
        slice_of=part.first,
    )
    quantity = f"{case.instrument.quantity(lots).normalize():f} {case.instrument.base}"
    sizing = f"slice {part.number + 1} of {part.choice.slices} of {part.first}: {quantity}"
    checks = checks_of(Gate(case, Facts(feed_of(case), entry, lots, book, policy.limits), order))
    failed = next((check for check in checks if not check.passed), None)
    cycle_id, why = case.decision.cycle_id, sizing if failed is None else f"{detail(failed)}; {sizing}"
    if failed is not None:
        return Denied(cycle_id, case.symbol, failed.rule, checks, why, slice_of=part.first)
    return Approved(
        cycle_id,
        case.symbol,
        order,
        checks,
        stop_ppm=case.decision.stop_ppm,
        stop=case.decision.stop,
        target=case.decision.target,
        sizing=why,
        choice=part.choice,
    )


def judge_addition(case: Case, addition: Addition) -> Verdict:
    """Return an addition to a position that is held, or the reason why it is not sent.

    Every rule is asked, at the present quote; the position itself stands in no purchase's way. The loss at
    the stop is that of all that is held by then, of what was bought before from what was paid for it.
    """
    entry, book, policy = entry_of(case), book_of(case), case.policy
    lots = case.instrument.sendable(addition.lots)
    order = msgspec.structs.replace(
        _entry_order(case, lots, entry.price), slice_of=addition.first, addition=addition.number
    )
    quantity = f"{case.instrument.quantity(lots).normalize():f} {case.instrument.base}"
    sizing = f"addition {addition.number} to {addition.first}: {quantity}"
    checks = checks_of(Gate(case, Facts(feed_of(case), entry, lots, book, policy.limits), order))
    failed = next((check for check in checks if not check.passed), None)
    cycle_id = case.decision.cycle_id
    if failed is not None:
        why = f"{detail(failed)}; {sizing}"
        return Denied(cycle_id, case.symbol, failed.rule, checks, why, slice_of=addition.first)
    choice = chosen(case, lots, entry)
    if choice is not msgspec.UNSET:
        choice = msgspec.structs.replace(choice, slices=1)
    return Approved(
        cycle_id,
        case.symbol,
        ordered(case, order, choice),
        checks,
        stop=case.decision.stop,
        target=case.decision.target,
        sizing=sizing,
        choice=choice,
    )


def judge_all(account: Account, cases: Iterable[Case]) -> tuple[Verdict, ...]:
    """Judge one cycle's cases in symbol order, each seeing what those before it have reserved.

    `account` stands in for the cases' own. Two cases for one symbol keep their order.
    """
    verdicts = []
    for case in sorted(cases, key=lambda each: each.symbol):
        verdict = judge(msgspec.structs.replace(case, account=account))
        if isinstance(verdict, Approved):
            account = reserve(account, verdict, case.instruments)
        verdicts.append(verdict)
    return tuple(verdicts)


def reserve(account: Account, verdict: Approved, instruments: Mapping[str, Instrument]) -> Account:
    """Return the account with an approved entry counted as on its way; an exit changes nothing."""
    order = verdict.order
    if order.purpose is not Purpose.ENTRY:
        return account
    value = notional(order.reference, order.lots, instruments[order.symbol].cash_factor)
    return msgspec.structs.replace(
        account,
        entries={**account.entries, order.symbol: account.entries.get(order.symbol, 0) + value},
        entries_today=account.entries_today + (0 if order.slice_of and not order.addition else 1),
    )


def _enter(case: Case) -> Verdict:
    decision, policy = case.decision, case.policy
    entry, book = entry_of(case), book_of(case)
    size = size_entry(entry, book, policy.limits, policy.sizing)
    size = size._replace(lots=case.instrument.sendable(size.lots))
    sizing = explain(size, entry, policy.sizing, case.instrument)
    order = _entry_order(case, size.lots, entry.price)
    checks = checks_of(Gate(case, Facts(feed_of(case), entry, size.lots, book, policy.limits), order))
    failed = next((check for check in checks if not check.passed), None)
    if failed is not None:
        return Denied(decision.cycle_id, case.symbol, failed.rule, checks, f"{detail(failed)}; {sizing}")
    choice = chosen(case, size.lots, entry)
    return Approved(
        decision.cycle_id,
        case.symbol,
        ordered(case, order, choice),
        checks,
        stop_ppm=decision.stop_ppm,
        stop=decision.stop,
        target=decision.target,
        sizing=sizing,
        choice=choice,
        exits=decision.exits,
    )


def _leave(case: Case, position: Position) -> Verdict:
    return leave(
        position,
        case.instrument,
        case.price,
        case.account.marks.get(case.symbol),
        cycle_id=case.decision.cycle_id,
        client_id=case.client_id,
        at=case.at,
    )


def leave(
    position: Position,
    instrument: Instrument,
    price: int,
    mark: int | None,
    *,
    cycle_id: int,
    client_id: str,
    at: datetime,
    ending: str | msgspec.UnsetType = msgspec.UNSET,
    reason: str = "",
) -> Approved | Denied:
    """Return the sale of all of a position, which meets the exchange's filters alone.

    `price` is the quote in ticks, 0 where there is none: then only the exchange can tell its notional.
    `ending` names the declared exit that asks for it, `reason` is that of a custom one.
    """
    lots = instrument.sendable(position.lots)
    order = Order(
        client_id=client_id,
        cycle_id=cycle_id,
        at=at,
        symbol=position.symbol,
        side=Side.SELL,
        type=OrderType.MARKET,
        purpose=Purpose.EXIT,
        lots=lots,
        reference=price or mark or round(position.entry_ticks(instrument.cash_factor)),
        ending=ending,
        reason=reason or msgspec.UNSET,
    )
    if price == 0:
        instrument = msgspec.structs.replace(instrument, min_notional=Decimal(0))
    check = filters_check(order, instrument)
    if not check.passed:
        return Denied(cycle_id, position.symbol, check.rule, (check,), detail(check))
    quantity = f"{instrument.quantity(lots).normalize():f} {instrument.base}"
    why = f" ({ending}{reason and f': {reason}'})" if ending else ""
    return Approved(cycle_id, position.symbol, order, (check,), sizing=f"the whole position{why}: {quantity}")


def _reduce_nothing(case: Case) -> Denied:
    check = Check(NOTHING_TO_REDUCE.reason, False, 0, 1, NOTHING_TO_REDUCE.unit)
    return Denied(case.decision.cycle_id, case.symbol, check.rule, (check,), detail(check))


def _entry_order(case: Case, lots: int, reference: int) -> Order:
    return Order(
        client_id=case.client_id,
        cycle_id=case.decision.cycle_id,
        at=case.at,
        symbol=case.symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        purpose=Purpose.ENTRY,
        lots=lots,
        reference=reference,
    )
