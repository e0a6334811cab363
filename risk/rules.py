"""The rules as kernels: each measures one thing against its limit; `first_denial` is the ordered gate.

A limit reached still passes, one unit beyond does not. What is not known does not pass. Every
comparison is written so that NaN fails.
"""

from typing import NamedTuple

from domain.kernel import kernel
from domain.money import MAX_CASH, share_down
from risk import table
from risk.facts import CACHED, LIVE, AccountFacts, Entry, Feed
from risk.limits import Limits, day_limit, trade_limit
from risk.stake import loss_at_stop, stake


class Measure(NamedTuple):
    """A rule's measurement: its value, its limit, whether it passed, whether all it needs was known."""

    measured: float
    limit: float
    passed: bool
    known: bool


@kernel
def kill_switch(book: AccountFacts) -> Measure:
    """Measure the kill switch: 1 on, 0 off."""
    return Measure(book.kill_switch, 0, book.kill_switch == 0, True)


@kernel
def source(feed: Feed, limits: Limits) -> Measure:
    """Measure the source's code: simulated and recorded data never reach a live order."""
    real = feed.source == LIVE or feed.source == CACHED  # noqa: PLR1714 - a kernel builds no set
    return Measure(feed.source, LIVE, real or limits.live == 0, True)


@kernel
def candle_is_older(feed: Feed, limits: Limits) -> bool:
    """Return whether the candle, not the quote, is further beyond its age limit or nearer to it."""
    over_candle = feed.candle_age_ms - limits.max_candle_age_ms
    return over_candle > feed.quote_age_ms - limits.max_quote_age_ms


@kernel
def data_age(feed: Feed, entry: Entry, limits: Limits) -> Measure:
    """Measure the age in ms of quote or candle, whichever is worse.

    Without a price no entry in any mode; age, a missing candle and cached data veto in live mode only.
    """
    priced = entry.price > 0 and feed.quote_age_ms >= 0
    candle = candle_is_older(feed, limits)
    age = feed.candle_age_ms if candle else feed.quote_age_ms
    limit = limits.max_candle_age_ms if candle else limits.max_quote_age_ms
    known = priced and (feed.candle_age_ms >= 0 or limits.live == 0)
    fresh = age <= limit and feed.source != CACHED
    return Measure(age, limit, known and (fresh or limits.live == 0), known)


@kernel
def unknown_orders(book: AccountFacts) -> Measure:
    """Count orders whose fate is unknown; none is allowed."""
    return Measure(book.unknown_orders, 0, book.unknown_orders == 0, True)


@kernel
def blocked(book: AccountFacts) -> Measure:
    """Measure whether the symbol's entries are blocked: 1 or 0."""
    return Measure(book.blocked, 0, book.blocked == 0, True)


@kernel
def daily_loss(equity: int, day_start_equity: int, limit: int) -> Measure:
    """Measure the fall of equity since the day began, so fees and open losses count; cash units."""
    loss = day_start_equity - equity
    return Measure(loss, limit, loss <= limit, True)


@kernel
def drawdown(fall: int, peak_equity: int, limit_ppm: int) -> Measure:
    """Measure a fall in cash units against a share of peak equity; unknown without a peak above 0."""
    known = peak_equity > 0
    limit = share_down(max(peak_equity, 0), limit_ppm)
    return Measure(fall, limit, known and fall <= limit, known)


@kernel
def trade_loss(entry: Entry, lots: int, book: AccountFacts, limits: Limits) -> Measure:
    """Measure the loss of `lots` at the stop with the costs of both ways; unknown without price or stop."""
    known = entry.price > 0 and entry.stop > 0
    loss = loss_at_stop(entry.price, entry.stop, lots, entry.cash_factor, entry.cost_ppm)
    limit = trade_limit(limits, book.equity)
    return Measure(loss, limit, known and loss <= limit, known)


@kernel
def positions(book: AccountFacts, limits: Limits) -> Measure:
    """Count open positions and entries on their way, this one included."""
    count = book.positions + 1 - book.held
    return Measure(count, limits.max_positions, count <= limits.max_positions, True)


@kernel
def duplicate(book: AccountFacts) -> Measure:
    """Measure whether the symbol is held or has an entry on its way: 1 or 0."""
    return Measure(book.held, 0, book.held == 0, True)


@kernel
def cool_down(book: AccountFacts, limits: Limits) -> Measure:
    """Measure the time since the last loss in ms; nothing to wait for passes."""
    rested = book.loss_age_ms < 0 or book.loss_age_ms >= limits.cool_down_ms
    return Measure(book.loss_age_ms, limits.cool_down_ms, rested, True)


@kernel
def trades_today(book: AccountFacts, limits: Limits) -> Measure:
    """Count today's entries, this one included."""
    count = book.entries_today + 1
    return Measure(count, limits.max_trades_per_day, count <= limits.max_trades_per_day, True)


@kernel
def exposure(entry: Entry, lots: int, book: AccountFacts, limits: Limits) -> Measure:
    """Measure everything exposed with this entry; in live mode unknown while a position has no mark."""
    known = entry.price > 0 and (book.unmarked == 0 or limits.live == 0)
    total = book.exposure + stake(entry.price, lots, entry.cash_factor)
    limit = share_down(max(book.equity, 0), limits.total_exposure_ppm)
    return Measure(total, limit, known and total <= limit, known)


@kernel
def concentration(entry: Entry, lots: int, book: AccountFacts, limits: Limits) -> Measure:
    """Measure what is exposed in the symbol with this entry."""
    known = entry.price > 0
    total = book.symbol_exposure + stake(entry.price, lots, entry.cash_factor)
    limit = share_down(max(book.equity, 0), limits.concentration_ppm)
    return Measure(total, limit, known and total <= limit, known)


@kernel
def confidence(entry: Entry, limits: Limits) -> Measure:
    """Measure the decision's confidence, 0 to 100."""
    known = entry.confidence >= 0.0
    return Measure(entry.confidence, limits.min_confidence, entry.confidence >= limits.min_confidence, known)


@kernel
def reward_risk(entry: Entry, limits: Limits) -> Measure:
    """Measure the way to the target over the way to the stop; without a target it passes, measuring 0."""
    known = entry.price > 0 and entry.stop > 0
    risk = entry.price - entry.stop if known else 1
    ratio = (entry.target - entry.price) / risk if entry.target > 0 else 0.0
    enough = known and ratio >= limits.min_reward_risk
    return Measure(ratio, limits.min_reward_risk, enough or entry.target == 0, known or entry.target == 0)


@kernel
def loss_streak(book: AccountFacts, limits: Limits) -> Measure:
    """Count the losing trades since the last win."""
    return Measure(book.loss_streak, limits.loss_streak, book.loss_streak <= limits.loss_streak, True)


@kernel
def breaker(feed: Feed) -> Measure:
    """Measure the breaker of the provider whose data this is: 0 closed, 1 not."""
    return Measure(feed.breaker_open, 0, feed.breaker_open == 0, True)


@kernel
def size(entry: Entry, lots: int) -> Measure:
    """Measure what sizing left, in lots."""
    known = entry.price > 0
    return Measure(lots, 1, known and lots >= 1, known)


@kernel
def cash(entry: Entry, lots: int, book: AccountFacts) -> Measure:
    """Measure the cash the entry takes with its costs against what is free."""
    known = entry.price > 0
    needed = loss_at_stop(entry.price, 0, lots, entry.cash_factor, entry.cost_ppm)
    return Measure(needed, book.free, known and needed <= book.free, known)


@kernel
def fits(price: int, lots: int, cash_factor: int, min_lots: int, min_cash: int) -> bool:
    """Return whether the exchange's filters take an order for `lots` whose price is `price` ticks."""
    return price > 0 and lots >= max(min_lots, 1) and min_cash <= stake(price, lots, cash_factor) <= MAX_CASH


@kernel
def filters(entry: Entry, lots: int) -> Measure:
    """Measure whether the exchange's filters refuse a market order for `lots`: 1 or 0."""
    fit = fits(entry.price, lots, entry.cash_factor, entry.min_lots, entry.min_cash)
    return Measure(0 if fit else 1, 0, fit, entry.price > 0)


@kernel
def first_denial(feed: Feed, entry: Entry, lots: int, book: AccountFacts, limits: Limits) -> int:  # noqa: C901, PLR0911, PLR0912 - one line per rule, in the table's order, is how it is read
    """Return the code of the first rule that denies an entry of `lots`, 0 when none does.

    The whole gate in one kernel, for the compiled backtest; risk.judge explains the same rules.
    """
    if not kill_switch(book).passed:
        return table.KILL_SWITCH
    if not source(feed, limits).passed:
        return table.SIMULATED_DATA
    if not data_age(feed, entry, limits).passed:
        return table.STALE_DATA
    if not unknown_orders(book).passed:
        return table.UNKNOWN_ORDER
    if not blocked(book).passed:
        return table.BLOCKED
    if not daily_loss(book.equity, book.day_start_equity, day_limit(limits, book.day_start_equity)).passed:
        return table.DAILY_LOSS
    if not drawdown(book.peak_equity - book.equity, book.peak_equity, limits.max_drawdown_ppm).passed:
        return table.MAX_DRAWDOWN
    if not drawdown(book.class_fall, book.peak_equity, limits.class_drawdown_ppm).passed:
        return table.CLASS_DRAWDOWN
    if not trade_loss(entry, lots, book, limits).passed:
        return table.PER_TRADE_LOSS
    if not positions(book, limits).passed:
        return table.MAX_POSITIONS
    if not duplicate(book).passed:
        return table.DUPLICATE
    if not cool_down(book, limits).passed:
        return table.COOL_DOWN
    if not trades_today(book, limits).passed:
        return table.TRADES_PER_DAY
    if not exposure(entry, lots, book, limits).passed:
        return table.EXPOSURE
    if not concentration(entry, lots, book, limits).passed:
        return table.CONCENTRATION
    if not confidence(entry, limits).passed:
        return table.CONFIDENCE
    if not reward_risk(entry, limits).passed:
        return table.REWARD_RISK
    if not loss_streak(book, limits).passed:
        return table.LOSS_STREAK
    if not breaker(feed).passed:
        return table.BREAKER
    if not size(entry, lots).passed:
        return table.SIZE
    if not cash(entry, lots, book).passed:
        return table.CASH
    if not filters(entry, lots).passed:
        return table.FILTERS
    return 0
