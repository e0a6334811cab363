"""A journal row in words and decimal texts, as the stream tells it."""

from collections.abc import Mapping

import msgspec

from agent.answers.agents import FillRow, OrderRow
from agent.answers.learned import LessonRow
from agent.answers.stream import (
    Body,
    DecidedBody,
    EndedBody,
    NoteBody,
    OrdersBody,
    ReportBody,
    SessionBody,
)
from agent.state.state import State
from agent.views import session
from agent.views.session import decimal
from domain.advice import usd
from domain.events import (
    AccountAdopted,
    AdviceAnswered,
    AdviceAsked,
    AdviserSet,
    CommandAnswered,
    CommandReceived,
    CycleDecided,
    CycleEnded,
    Event,
    FlattenAsked,
    GridChanged,
    JournaledAfterwards,
    JournalRestored,
    KillSwitchSet,
    LessonsSet,
    ModelSet,
    OrderReported,
    OrdersIntended,
    PairsListed,
    ParametersSet,
    PositionWrittenOff,
    ProcessNoted,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.instrument import Instrument
from domain.money import cash_text
from domain.order import TERMINAL, Fill, Order, OrderStatus, Receipt

Grid = Mapping[str, Instrument]


def body_of(event: Event, seq: int, state: State) -> Body:  # noqa: PLR0911 -- one case a body
    """Return the body of a row's stream event; the state is folded up to that row."""
    grid = state.ledger.instruments
    match event:
        case SessionStarted():
            return SessionBody(
                session=event.session,
                mode=event.mode,
                symbols=[each.symbol for each in event.instruments],
                version=event.code_version,
            )
        case SessionEnded():
            return SessionBody(session=event.session, reason=event.reason)
        case CycleDecided():
            return DecidedBody(
                cycle=event.cycle_id,
                market=session.market(event, grid),
                decisions=session.decision(event, grid),
                blocked=dict(event.blocked),
                reports=[report(each, event.cycle_id, seq, grid) for each in event.updates],
            )
        case OrdersIntended():
            return OrdersBody(
                cycle=event.cycle_id,
                orders=[order_row(each, seq, grid[each.symbol]) for each in event.orders],
            )
        case OrderReported():
            return report(event.receipt, event.cycle_id, seq, grid)
        case CycleEnded():
            return _ended(event, state)
    return note(event)


def _ended(event: CycleEnded, state: State) -> EndedBody:
    ledger = state.ledger
    decimals = ledger.cash_decimals
    return EndedBody(
        cycle=event.cycle_id,
        outcome=event.outcome,
        path=list(event.path),
        error=event.error.message if event.error else None,
        equity=cash_text(ledger.equity, decimals),
        cash=cash_text(ledger.cash, decimals),
        profit_today=cash_text(ledger.equity - ledger.day_start_equity, decimals),
        lessons=lessons(event, decimals),
    )


def lessons(event: CycleEnded, decimals: int) -> list[LessonRow]:
    """Return the lessons of a cycle's end."""
    return [session.lesson(each, decimals) for each in event.lessons]


def report(receipt: Receipt, cycle: int, seq: int, grid: Grid) -> ReportBody:
    """Return a platform's report on an order; of a symbol nobody traded here its fills cannot be told."""
    instrument = grid.get(receipt.symbol)
    return ReportBody(
        cycle=cycle,
        client_id=receipt.client_id,
        symbol=receipt.symbol,
        status=receipt.status,
        reason=receipt.reason or None,
        fills=[fill_row(each, cycle, seq, instrument) for each in receipt.fills] if instrument else [],
    )


def order_row(order: Order, seq: int, instrument: Instrument) -> OrderRow:
    """Return an order about to be sent."""
    level = order.trigger or order.price
    return OrderRow(
        client_id=order.client_id,
        cycle=order.cycle_id,
        seq=seq,
        at=order.at,
        symbol=order.symbol,
        purpose=order.purpose,
        side=order.side,
        type=order.type,
        quantity=decimal(instrument.quantity(order.lots)),
        filled="0",
        level=None if level is None else decimal(instrument.price(level)),
        status=OrderStatus.SENDING,
        open=OrderStatus.SENDING not in TERMINAL,
        reason=None,
    )


def fill_row(fill: Fill, cycle: int, seq: int, instrument: Instrument) -> FillRow:
    """Return a fill."""
    return FillRow(
        trade_id=fill.trade_id,
        client_id=fill.client_id,
        seq=seq,
        cycle=cycle,
        at=fill.at,
        symbol=fill.symbol,
        side=fill.side,
        quantity=decimal(instrument.quantity(fill.lots)),
        price=decimal(instrument.price(fill.price)),
        reference=decimal(instrument.price(fill.reference)),
        fee=cash_text(fill.fee, instrument.cash_decimals),
    )


def note(event: Event) -> NoteBody:
    """Return a row of any other kind as a sentence, with its plain fields."""
    fields = msgspec.to_builtins(event)
    fields.pop("type", None)
    fields.pop("at", None)
    fields.pop("body", None)  # a model's arrays, an answer's bytes: not for a stream
    by, reason = getattr(event, "by", None), getattr(event, "reason", None)
    if isinstance(event, CommandReceived):
        by, reason = event.command.by, event.command.reason or None
    return NoteBody(text=_sentence(event), by=by, reason=reason, fields=fields)


def _sentence(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 -- one case an event
    match event:
        case KillSwitchSet():
            return f"kill switch {'thrown' if event.active else 'reset'} by {event.by}: {event.reason}"
        case ParametersSet():
            return f"{event.strategy} speaks with parameter version {event.version}, by {event.by}"
        case SettingsChanged():
            words = ", ".join(
                f"{name} from {event.before.get(name)} to {each}" for name, each in event.given.items()
            )
            return f"{event.by} changed settings: {words}"
        case AccountAdopted():
            return f"the account was adopted by {event.by}: {event.reason}"
        case PositionWrittenOff():
            return f"{event.symbol} was written off by {event.by}: {event.reason}"
        case FlattenAsked():
            return f"{event.by} asked to sell {event.symbol or 'everything'}: {event.reason}"
        case GridChanged():
            return f"the grid changed of {', '.join(each.symbol for each in event.instruments)}"
        case JournaledAfterwards():
            return f"{event.count} rows were journaled afterwards: {event.why}"
        case JournalRestored():
            return f"the journal was restored from {event.source} up to row {event.seq}"
        case AdviceAsked(question=asked):
            return f"{asked.adviser} was asked about {asked.symbol} for at most {usd(event.micro_usd)} USD"
        case AdviceAnswered():
            came = event.why or "an answer came"
            return f"question {event.number} cost {usd(event.micro_usd)} USD: {came}"
        case ModelSet():
            what = ("promoted" if event.promoted else "set to listen") if event.body else "taken back"
            return f"model {event.model} was {what} by {event.by}: {event.reason}"
        case AdviserSet():
            what = "promoted" if event.promoted else "demoted"
            return f"adviser {event.adviser} was {what} by {event.by}: {event.reason}"
        case LessonsSet():
            later = "every later one joins" if event.follows else "no later one joins"
            return f"lessons 1 to {event.lessons} were put in force by {event.by}, {later}: {event.reason}"
        case PairsListed():
            off = [each.symbol for each in event.pairs if each.off is not None]
            held_back = f", without {', '.join(off)}" if off else ""
            fault = f"; not refreshed: {event.fault}" if event.fault else ""
            listed = len(event.pairs) - len(off)
            return f"{listed} of {len(event.pairs)} pairs may be entered{held_back}{fault}"
        case CommandReceived():
            name = type(event.command).__name__
            return f"{event.command.by} asked for {name}: {event.command.reason or 'no reason given'}"
        case CommandAnswered():
            return f"{type(event.reply).__name__} was answered"
        case ProcessNoted():
            return f"the process holds {event.memory / 1e6:.0f} MB after {event.seconds / 3600:.1f} h"
    return type(event).__name__
