"""Reading a case into the numbers the rules measure."""

from datetime import datetime

from domain.account import Account
from domain.money import PPM, notional, share_up
from domain.observation import Observation, Source
from domain.tally import is_recent
from domain.times import closing, millis
from risk.case import Case
from risk.facts import CACHED, LIVE, NONE, RECORDED, SIMULATED, AccountFacts, Entry, Feed
from risk.stake import stop_level

_SOURCES = {
    Source.LIVE: LIVE,
    Source.RECORDED: RECORDED,
    Source.CACHED: CACHED,
    Source.SIMULATED: SIMULATED,
}


def feed_of(case: Case) -> Feed:
    """Measure the data. An age is a distance: a time as far ahead of the clock is as wrong as one behind."""
    observation, now = case.observation, millis(case.at)
    return Feed(
        source=_SOURCES[observation.source],
        quote_age_ms=NONE if observation.quote is None else abs(now - observation.quote.time),
        candle_age_ms=_candle_age(observation, now, case.policy.timeframe_ms),
        breaker_open=int(observation.breaker != "closed"),
    )


def _candle_age(observation: Observation, now: int, timeframe_ms: int) -> int:
    return abs(now - closing(observation.candles[-1].time, timeframe_ms)) if observation.candles else NONE


def entry_of(case: Case) -> Entry:
    """Read the entry a decision wants."""
    decision, instrument, policy = case.decision, case.instrument, case.policy
    fixed, edge = policy.fixed_quantity, decision.edge
    return Entry(
        price=case.price,
        stop=stop_level(case.price, decision.stop_ppm, decision.stop),
        target=max(decision.target, 0),
        confidence=decision.confidence,
        atr_ratio=decision.atr_ratio,
        fixed_lots=0 if fixed is None else instrument.lots(fixed),
        cash_factor=instrument.cash_factor,
        min_lots=instrument.min_lots,
        min_cash=instrument.min_cash,
        cost_ppm=policy.cost_ppm,
        chance=1.0 if edge is None else edge.chance,
        payoff=0.0 if edge is None else edge.payoff,
        held_lots=_held(case),
        held_price=0 if case.addition is None else case.addition.held_price,
    )


def _held(case: Case) -> int:
    part = case.slice or case.addition
    return 0 if part is None else part.held


def book_of(case: Case) -> AccountFacts:
    """Measure the account as the case's symbol sees it.

    A further slice or an addition adds to a position that is there: it takes no other place. A slice is no
    further entry of the day, an addition is.
    """
    account, symbol = case.account, case.symbol
    values = _exposures(case)
    trades, profit = _symbol_results(case)
    counted = [each for each in values if each not in account.dust or each in account.entries]
    own = int((case.slice is not None or case.addition is not None) and symbol in counted)
    return AccountFacts(
        equity=account.equity,
        free=account.cash - _reserved(account, case.policy.cost_ppm),
        day_start_equity=account.day_start_equity,
        peak_equity=account.peak_equity,
        class_fall=account.class_drawdown.get(case.instrument.asset_class, 0),
        exposure=sum(values.values()),
        symbol_exposure=values.get(symbol, 0),
        unmarked=len(unmarked(case)),
        positions=len(counted) - own,
        held=int(symbol in counted) - own,
        entries_today=account.entries_today - int(case.slice is not None),
        loss_age_ms=_loss_age(account, case.at),
        loss_streak=account.loss_streak,
        win_streak=account.win_streak,
        unknown_orders=len(account.unknown_orders),
        kill_switch=int(account.kill_switch is not None),
        blocked=int(bool(account.why_blocked(symbol))),
        exit_age_ms=_exit_age(account, symbol, case.at),
        stops=_stops(case),
        symbol_trades=trades,
        symbol_profit=profit,
        off_list=int(symbol in account.off_list),
    )


def unmarked(case: Case) -> tuple[str, ...]:
    """Return the symbols held that have no mark, or no instrument to read it by, sorted."""
    return tuple(sorted(symbol for symbol in case.account.positions if _marked(case, symbol) is None))


def _marked(case: Case, symbol: str) -> int | None:
    mark, instrument = case.account.marks.get(symbol), case.instruments.get(symbol)
    if mark is None or instrument is None:
        return None
    return notional(mark, case.account.positions[symbol].lots, instrument.cash_factor)


def _exposures(case: Case) -> dict[str, int]:
    """Return what is exposed by symbol; an unmarked position counts at its cost."""
    values = dict(case.account.entries)
    for symbol, position in case.account.positions.items():
        value = _marked(case, symbol)
        values[symbol] = values.get(symbol, 0) + (position.cost if value is None else value)
    return values


def _reserved(account: Account, cost_ppm: int) -> int:
    return sum(share_up(value, PPM + cost_ppm) for value in account.entries.values())


def _loss_age(account: Account, at: datetime) -> int:
    if account.last_loss_at is None or account.win_streak > 0:
        return NONE
    return max(millis(at) - millis(account.last_loss_at), 0)


def _exit_age(account: Account, symbol: str, at: datetime) -> int:
    last = next((each.closed_ms for each in reversed(account.recent) if each.symbol == symbol), None)
    return NONE if last is None else max(millis(at) - last, 0)


def _stops(case: Case) -> int:
    window, now = case.policy.limits.stop_guard_ms, millis(case.at)
    if window == 0:
        return 0
    return sum(each.stopped and is_recent(each.closed_ms, now, window) for each in case.account.recent)


def _symbol_results(case: Case) -> tuple[int, float]:
    """Count and add up the symbol's results, newest first: floats come to the same only in the same order."""
    window, now = case.policy.limits.low_profit_ms, millis(case.at)
    trades, profit = 0, 0.0
    for each in reversed(case.account.recent if window else ()):
        if each.symbol == case.symbol and is_recent(each.closed_ms, now, window):
            trades += 1
            profit += each.result
    return trades, profit
