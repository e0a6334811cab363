"""Effects of commands on an open account, one function each; `agent.account.handler` calls them in a turn.

Each writes `CommandReceived` before its effect, and where the effect is events alone all of them with the
answer in one transaction: such a command is carried out whole or not at all.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from agent.account import changing
from agent.loop.session import Session
from agent.models import sets
from agent.orders import adoption
from agent.orders.emergency import flatten
from agent.parameters import advisers, memory, versions
from agent.settings.changes import INTERVAL
from agent.state.dust import too_small
from agent.state.retune import waits
from agent.state.state import State
from agent.views.session import decimal
from agent.wiring import Parts
from domain import commands
from domain.account import Position
from domain.commands import ALL, Command, needs_reason
from domain.errors import BadInput
from domain.events import CommandAnswered, CommandReceived, Event, FlattenAsked, KillSwitchSet
from domain.instrument import Instrument
from domain.money import DECIMALS, cash_text
from domain.replies import (
    Adopted,
    Flattened,
    KillSwitch,
    Paused,
    PositionClosed,
    Reconciled,
    Reply,
    Stopping,
    WrittenOff,
)
from domain.times import EPOCH


class Desk(NamedTuple):
    """An open account as commands find it: its session, what that was made of, and the session's present."""

    session: Session
    parts: Parts
    at: datetime


def refuse(desk: Desk, command: Command) -> None:
    """Raise BadInput for a command that cannot be meant; nothing was done then."""
    needs_reason(command)
    if isinstance(command, commands.ClosePosition):
        _kept(desk, command)
    elif isinstance(command, commands.WriteOffPosition):
        adoption.refuse_write_off(desk.session.reconciler, command.symbol, desk.at)


def _whole(desk: Desk, command: Command, reply: Reply, *events: Event) -> Reply:
    """Write a command, what it comes to and its answer, all or nothing."""
    received, answered = CommandReceived(desk.at, command), CommandAnswered(desk.at, command.key, reply)
    desk.session.record.write(received, *events, answered)
    return reply


def _kill(desk: Desk, command: commands.Kill) -> Reply:
    # Written as what is urgent, before whoever has the turn does anything else.
    del desk
    return KillSwitch(kill_switch=command.reason)


def _reset_kill(desk: Desk, command: commands.ResetKill) -> Reply:
    thrown = desk.session.state.kill_switch is not None
    reset = KillSwitchSet(at=desk.at, active=False, reason=command.reason, by=command.by)
    return _whole(desk, command, KillSwitch(kill_switch=None), *([reset] if thrown else []))


def _pause(desk: Desk, command: commands.Pause | commands.Unpause) -> Reply:
    paused = isinstance(command, commands.Pause)
    reply = _whole(desk, command, Paused(paused=paused))
    desk.session.inbox.pause(paused)
    return reply


def _stop(desk: Desk, command: commands.Stop) -> Reply:
    del desk, command  # as a kill
    return Stopping(stopping=True)


def _flatten(desk: Desk, command: commands.Flatten) -> Reply:
    asked = FlattenAsked(desk.at, command.reason, command.by)
    desk.session.record.write(CommandReceived(desk.at, command), asked)
    left = flatten(desk.session.reconciler, asked)
    return Flattened(flat=left.flat, **left._asdict())


def _close(desk: Desk, command: commands.ClosePosition) -> Reply:
    state = desk.session.state
    asked = FlattenAsked(desk.at, command.reason, command.by, command.symbol, _kept(desk, command))
    new_lessons = len(state.new_lessons)
    desk.session.record.write(CommandReceived(desk.at, command), asked)
    left = flatten(desk.session.reconciler, asked)
    with state.lock:
        pnl = [
            lesson.pnl
            for lesson in state.new_lessons[new_lessons:]
            if lesson.context.symbol == command.symbol
        ]
        profit = cash_text(sum(pnl), state.ledger.cash_decimals) if pnl else None
        held = state.ledger.positions.get(command.symbol)
        kept = (
            decimal(state.ledger.instruments[command.symbol].quantity(held.lots))
            if held and asked.kept
            else ""
        )
    return PositionClosed(symbol=command.symbol, profit=profit, kept=kept, flat=left.flat, **left._asdict())


def _quantity(state: State, symbol: str) -> str:
    held = state.ledger.positions.get(symbol)
    return decimal(state.ledger.instruments[symbol].quantity(held.lots)) if held else ""


def _kept(desk: Desk, command: commands.ClosePosition) -> int:
    """Return the lots a close leaves. Raises BadInput where there is nothing to close.

    A part must be one the exchange takes by itself, and what is left one that can be sold and
    protected: else BadInput.
    """
    symbol, share, ledger = command.symbol, command.share, desk.session.state.ledger
    if not share.is_finite() or not 0 < share <= ALL:
        raise BadInput(f"share {share}: must be above 0 and at most 1 (all)")
    there = {*ledger.positions, *ledger.dust, *(s.order.symbol for s in ledger.open_orders.values())}
    held = ", ".join(ledger.positions) or "nothing"
    if symbol not in there or (share != ALL and symbol not in ledger.positions):
        raise BadInput(f"no position in {symbol!r} to close: {held} is held")
    if share == ALL:
        return 0
    position, instrument = ledger.positions[symbol], ledger.instruments[symbol]
    sold = instrument.sendable(int(position.lots * share))
    price = _lowest(desk.session.state, symbol)
    for lots, what in ((sold, "what is to be sold"), (position.lots - sold, "what would remain")):
        if _small(lots, price, instrument):
            quantity = decimal(instrument.quantity(lots))
            raise BadInput(
                f"share {share} of {symbol}: {what} is {quantity} {instrument.base}, and "
                f" the exchange takes no order below {decimal(instrument.min_quantity)} {instrument.base} "
                f"or {decimal(instrument.min_notional)} {instrument.quote}: close all of it"
            )
    return position.lots - sold


def _lowest(state: State, symbol: str) -> int:
    """Return the lowest price, in ticks, at which a position may be sold soon: its mark or its stop."""
    ledger, entry = state.ledger, state.entries.get(symbol)
    stops = [standing.order.trigger for standing in ledger.resting(symbol)]
    levels = [ledger.marks.get(symbol), *stops, entry.stop if entry else None]
    paid = ledger.positions[symbol].entry_ticks(ledger.instruments[symbol].cash_factor)
    return min((level for level in levels if level), default=round(paid))


def _small(lots: int, price: int, instrument: Instrument) -> bool:
    if lots <= 0:
        return True
    return too_small(Position(instrument.symbol, EPOCH, "", bought_lots=lots), price, instrument)


def _reconcile(desk: Desk, command: commands.Reconcile) -> Reply:
    desk.session.record.write(CommandReceived(desk.at, command))
    result = desk.session.reconciler.review()
    return Reconciled(
        in_line=result.in_line,
        strange_orders=tuple(f"{each.client_id} ({each.symbol})" for each in result.strange),
        unresolved=tuple(f"{s.order.client_id} ({s.order.symbol}) {s.status}" for s in result.unresolved),
        differences=tuple(map(str, result.differences)),
        dust=dict(result.dust),
        not_read=dict(result.odd),
        contradictions=tuple(result.contradictions),
    )


def _adopt_account(desk: Desk, command: commands.AdoptAccount) -> Reply:
    desk.session.record.write(CommandReceived(desk.at, command))
    event = adoption.adopt_account(desk.session.reconciler, desk.at, command.reason, by=command.by)
    cash = next(iter(desk.parts.grid.values()))
    return Adopted(
        cash=cash_text(event.cash, cash.cash_decimals),
        untracked={
            asset: cash_text(units, cash.cash_decimals if asset == cash.quote else DECIMALS)
            for asset, units in event.untracked.items()
        },
        missing_lots=dict(event.missing),
        given_up=event.given_up,
        reason=event.reason,
    )


def _write_off(desk: Desk, command: commands.WriteOffPosition) -> Reply:
    event = adoption.written_off(
        desk.session.reconciler, command.symbol, desk.at, command.reason, by=command.by
    )
    quantity = desk.session.state.ledger.instruments[command.symbol].quantity(event.lots)
    reply = WrittenOff(written_off=command.symbol, quantity=decimal(quantity), reason=command.reason)
    return _whole(desk, command, reply, event)


def _parameters(desk: Desk, command: commands.ApplyParameters | commands.RollBackParameters) -> Reply:
    event = versions.event_of(command, desk.parts, desk.at)
    reply = versions.in_force_reply(event, waits(event, desk.parts.mind), running=True)
    return _whole(desk, command, reply, event)


def _model(
    desk: Desk, command: commands.PromoteModel | commands.DemoteModel | commands.RollBackModel
) -> Reply:
    event = sets.event_of(command, desk.parts, desk.at)
    return _whole(desk, command, sets.in_force_reply(event, running=True), event)


def _adviser(
    desk: Desk, command: commands.PromoteAdviser | commands.DemoteAdviser | commands.RollBackAdviser
) -> Reply:
    event = advisers.event_of(command, desk.session.state.advisers, desk.at)
    return _whole(desk, command, advisers.reply_of(event, running=True), event)


def _lessons(desk: Desk, command: commands.RollBackLessons | commands.PromoteLessons) -> Reply:
    state = desk.session.state
    event = memory.event_of(command, state, desk.at)
    return _whole(desk, command, memory.reply_of(event, state, running=True), event)


def _settings(desk: Desk, command: commands.ChangeSettings) -> Reply:
    event = changing.event_of(command, desk.parts, desk.at)
    reply = changing.reply_of(event, desk.parts, running=True)
    _whole(desk, command, reply, event)
    if INTERVAL in event.given:
        desk.session.inbox.cut()
    return reply


EFFECTS: Mapping[type, Callable[[Desk, Any], Reply]] = MappingProxyType(
    {
        commands.Kill: _kill,
        commands.ResetKill: _reset_kill,
        commands.Pause: _pause,
        commands.Unpause: _pause,
        commands.ClosePosition: _close,
        commands.Flatten: _flatten,
        commands.Reconcile: _reconcile,
        commands.AdoptAccount: _adopt_account,
        commands.WriteOffPosition: _write_off,
        commands.ApplyParameters: _parameters,
        commands.RollBackParameters: _parameters,
        commands.PromoteModel: _model,
        commands.DemoteModel: _model,
        commands.RollBackModel: _model,
        commands.PromoteAdviser: _adviser,
        commands.DemoteAdviser: _adviser,
        commands.RollBackAdviser: _adviser,
        commands.RollBackLessons: _lessons,
        commands.PromoteLessons: _lessons,
        commands.ChangeSettings: _settings,
        commands.Stop: _stop,
    }
)
"""What carries out each command."""
