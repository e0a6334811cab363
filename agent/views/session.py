"""A session as it looks from outside: typed answers for the API, commands and the control socket."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from agent.answers.account import (
    AccountAnswer,
    ChangedSetting,
    DecisionRow,
    Dust,
    FeePaid,
    MarketRow,
    PositionAnswer,
    RestingOrder,
)
from agent.answers.learned import LessonRow, Lessons, TotalsAnswer
from agent.state.dust import worth
from agent.state.leaving import unjudged
from agent.state.ledger import Ledger
from agent.state.state import State
from agent.views.history import AccountFold
from agent.views.pairs import reason, trouble
from domain.events import CycleDecided, CycleEnded, SessionStarted
from domain.instrument import Instrument
from domain.lesson import Lesson
from domain.money import DECIMALS, asset_text, cash_text
from domain.order import OrderState
from domain.ports import Records
from domain.times import closing, millis
from learning.performance import Totals, performance
from learning.settings import LearningSettings
from reasoning.telling import reason_told

if TYPE_CHECKING:  # the log shows amounts as here, and whoever sends orders logs
    from agent.settings.settings import Options
    from reasoning.minds import StrategyRunner


def decimal(value: Decimal) -> str:
    """Return a decimal without exponent or trailing zeros."""
    return f"{value.normalize():f}"


def changed(state: State) -> dict[str, ChangedSetting]:
    """Return the settings that were changed while the agent ran, by dotted name."""
    return {
        name: ChangedSetting(value=each.value, own=each.own, at=each.at, by=each.by, reason=each.reason)
        for name, each in state.changed.items()
    }


def account(state: State, pending_kill: str | None = None) -> AccountAnswer:
    """Return cash, equity, profit and the gate's counters; amounts as decimal texts in quote."""
    with state.lock:
        ledger, decimals = state.ledger, state.ledger.cash_decimals
        money = partial(cash_text, decimals=decimals)
        return AccountAnswer(
            quote=next((each.quote for each in ledger.instruments.values()), None),
            cash_decimals=decimals,
            cash=money(ledger.cash),
            equity=money(ledger.equity),
            opening_cash=money(ledger.opening_cash),
            profit=money(profit(ledger)),
            profit_today=money(ledger.equity - ledger.day_start_equity),
            max_drawdown=round(ledger.max_drawdown, 6),
            trades=ledger.trades,
            wins=ledger.wins,
            gross=money(ledger.gross),
            fees=money(ledger.fees),
            slippage=money(ledger.slippage),
            fees_elsewhere=fees_elsewhere(ledger),
            dust=dust(ledger),
            entries_today=ledger.entries_today,
            kill_switch=state.kill_switch or pending_kill,
            blocked=ledger.blocked(),
            off_list={symbol: reason(off) for symbol, off in ledger.off_list.items()},
            pair_list=trouble(state.pairs),
            left_alone=state.faults,
        )


def dust(ledger: Ledger) -> dict[str, Dust]:
    """Return what is held and cannot be sold by itself, by asset, with its worth where a price is known."""
    rows = {}
    for symbol, units in ledger.leftovers().items():
        instrument, mark = ledger.instruments[symbol], ledger.marks.get(symbol)
        value = None if mark is None else cash_text(worth(units, mark, instrument), ledger.cash_decimals)
        rows[instrument.base] = Dust(quantity=asset_text(units), value=value)
    return rows


def fees_elsewhere(ledger: Ledger) -> dict[str, FeePaid]:
    """Return fees paid in a third asset, by asset; `unvalued` had no price and is in no profit."""
    return {
        asset: FeePaid(amount=asset_text(paid.units), unvalued=asset_text(paid.unvalued))
        for asset, paid in ledger.elsewhere.items()
    }


def profit(ledger: Ledger) -> int:
    """Return equity less what was put in, in cash units, and less the valued fees paid of what lay aside."""
    unseen = sum(paid.cash for paid in ledger.elsewhere.values())
    return ledger.equity - ledger.opening_cash - unseen


def positions(state: State, *, at_rest: bool = False) -> list[PositionAnswer]:
    """Return open positions with their protection; `at_rest` where no agent has the journal."""
    with state.lock:
        return [_position(state, symbol, at_rest=at_rest) for symbol in sorted(state.ledger.positions)]


def _position(state: State, symbol: str, *, at_rest: bool) -> PositionAnswer:
    ledger = state.ledger
    held, instrument, mark = ledger.positions[symbol], ledger.instruments[symbol], ledger.marks.get(symbol)
    approved = state.entries.get(symbol)
    plan = approved.exits if approved else None
    worth = held.value(mark, instrument.cash_factor)
    entry = Decimal(held.bought) / (held.bought_lots * instrument.cash_factor) * instrument.tick_size
    return PositionAnswer(
        symbol=symbol,
        quantity=decimal(instrument.quantity(held.lots)),
        entry=decimal(entry.quantize(instrument.tick_size)),
        price=None if mark is None else decimal(instrument.price(mark)),
        unrealised=cash_text(worth - held.cost, instrument.cash_decimals),
        fees=cash_text(held.fees, instrument.cash_decimals),
        opened_at=held.opened_at,
        orders=[_resting(standing, instrument) for standing in ledger.resting(symbol)],
        voice=plan.voice if plan else None,
        exits=list(plan.words()) if plan else [],
        unjudged=unjudged(state, held, plan, at_rest=at_rest) if plan else "",
    )


def _resting(standing: OrderState, instrument: Instrument) -> RestingOrder:
    order = standing.order
    level = order.trigger or order.price
    return RestingOrder(
        client_id=order.client_id,
        type=order.type,
        side=order.side,
        quantity=decimal(instrument.quantity(order.lots)),
        level=None if level is None else decimal(instrument.price(level)),
        status=standing.status,
    )


def next_candle_seconds(state: State, options: "Options", now: datetime) -> float | None:
    """Return how long it is until the next candle closes; None where a market says itself what time it is."""
    with state.lock:
        opened = [state.last[symbol].time for symbol in options.symbols if symbol in state.last]
    if options.driven or not opened:
        return None
    # The one that forms opened when the last closed one was over.
    forming = closing(max(opened), options.timeframe_ms)
    return max(0.0, (closing(forming, options.timeframe_ms) - millis(now)) / 1000)


def told(
    event: CycleDecided, instruments: Mapping[str, Instrument], mind: "StrategyRunner | None"
) -> dict[str, dict[str, str]]:
    """Return by symbol and voice the reasons that tell prices, in the quote currency; none without a mind."""
    if mind is None:
        return {}
    observed = {observation.symbol: observation for observation in event.observations}
    return {
        built.symbol: mind.told(observed[built.symbol], built, instruments[built.symbol])
        for built in event.decisions
    }


def decision(
    event: CycleDecided, instruments: Mapping[str, Instrument], mind: "StrategyRunner | None" = None
) -> list[DecisionRow]:
    """Return a cycle's decisions with source, price, reason and verdict, one for each symbol.

    With the mind that made them their reasons are told in the quote currency too.
    """
    words = told(event, instruments, mind)
    # A vote's verdict comes before that of an exit in the same cycle.
    verdicts = {verdict.symbol: verdict for verdict in reversed(event.verdicts)}
    observed = {observation.symbol: observation for observation in event.observations}
    return [
        DecisionRow(
            cycle=event.cycle_id,
            at=event.at,
            symbol=built.symbol,
            source=observed[built.symbol].source,
            price=None if built.price is None else decimal(instruments[built.symbol].price(built.price)),
            action=built.action,
            confidence=round(built.confidence, 2),
            reason=built.reason,
            verdict=getattr(verdicts[built.symbol], "reason", "approved")
            if built.symbol in verdicts
            else None,
            reason_in_quote=reason_told(built, words[built.symbol]) if words.get(built.symbol) else "",
        )
        for built in event.decisions
    ]


def lesson(item: Lesson, cash_decimals: int = DECIMALS) -> LessonRow:
    """Return one lesson as it is told."""
    return LessonRow(
        kind=item.kind,
        symbol=item.context.symbol,
        entry_cycle=item.context.cycle_id,
        learned_at=item.learned_at,
        result=round(item.result, 6),
        exit=item.exit,
        held_minutes=round(item.held_ms / 60_000, 1),
        pnl=cash_text(item.pnl, cash_decimals),
        rule=item.rule or None,
        regime=item.context.regime,
        voices={voice.name: voice.vote for voice in item.context.voices},
    )


def market(event: CycleDecided, instruments: Mapping[str, Instrument]) -> list[MarketRow]:
    """Return what a cycle saw of each symbol: price, source and breaker."""
    return [
        MarketRow(
            symbol=observation.symbol,
            price=decimal(instruments[observation.symbol].price(observation.quote.price))
            if observation.quote
            else None,
            price_at=observation.quote.at if observation.quote else None,
            source=observation.source,
            provider=observation.provider,
            breaker=observation.breaker,
            not_served_by={attempt.provider: attempt.reason for attempt in observation.attempts},
        )
        for observation in event.observations
    ]


def lessons(journal: Records, settings: LearningSettings) -> Lessons:
    """Return a journal's lessons, oldest first, with what they add up to and each voice's weight.

    The totals are those of all closed trades: one that an operator closed counts before a cycle learns of it.
    """
    learned: list[Lesson] = []
    decimals = DECIMALS
    account = AccountFold()
    for row in journal.rows():
        account.take(row.event)
        if isinstance(row.event, CycleEnded):
            learned.extend(row.event.lessons)
        elif isinstance(row.event, SessionStarted):
            decimals = max((each.cash_decimals for each in row.event.instruments), default=decimals)
    shown = [lesson(item, decimals) for item in learned]
    done = performance(learned, settings)
    waiting = [each for each in account.new_lessons if each.kind == "trade"]
    every = performance([*learned, *waiting], settings).totals if waiting else done.totals
    return Lessons(voices=done.voices, rules=done.rules, totals=totals(every, decimals), lessons=shown)


def totals(done: Totals, cash_decimals: int = DECIMALS) -> TotalsAnswer:
    """Return what all trades came to, cash as decimal texts."""
    cash = {
        name: cash_text(getattr(done, name), cash_decimals) for name in ("pnl", "gross", "fees", "slippage")
    }
    return TotalsAnswer(**msgspec.structs.asdict(done) | cash)
