"""The rules as kernels: each measures one thing against its limit; `risk.table` says in which order.

A limit reached still passes, one unit beyond does not. What is not known does not pass. Every
comparison is written so that NaN fails.
"""

from typing import NamedTuple

from domain.kernel import kernel
from domain.money import MAX_CASH, share_down
from risk.facts import CACHED, LIVE, Facts, Feed
from risk.limits import Limits, day_limit, trade_limit
from risk.stake import loss_at_stop, stake


class Measure(NamedTuple):
    """A rule's measurement: its value, its limit, whether it passed, whether all it needs was known."""

    measured: float
    limit: float
    passed: bool
    known: bool


@kernel
def kill_switch(facts: Facts) -> Measure:
    """Measure the kill switch: 1 on, 0 off."""
    book = facts.book
    return Measure(book.kill_switch, 0, book.kill_switch == 0, True)


@kernel
def source(facts: Facts) -> Measure:
    """Measure the source's code: simulated and recorded data never reach a live order."""
    feed, limits = facts.feed, facts.limits
    real = feed.source == LIVE or feed.source == CACHED  # noqa: PLR1714 - a kernel builds no set
    return Measure(feed.source, LIVE, real or limits.live == 0, True)


@kernel
def candle_is_older(feed: Feed, limits: Limits) -> bool:
    """Return whether the candle, not the quote, is further beyond its age limit or nearer to it."""
    over_candle = feed.candle_age_ms - limits.max_candle_age_ms
    return over_candle > feed.quote_age_ms - limits.max_quote_age_ms


@kernel
def data_age(facts: Facts) -> Measure:
    """Measure the age in ms of quote or candle, whichever is worse.

    Without a price no entry in any mode; age, a missing candle and cached data veto in live mode only.
    """
    feed, entry, limits = facts.feed, facts.entry, facts.limits
    priced = entry.price > 0 and feed.quote_age_ms >= 0
    candle = candle_is_older(feed, limits)
    age = feed.candle_age_ms if candle else feed.quote_age_ms
    limit = limits.max_candle_age_ms if candle else limits.max_quote_age_ms
    known = priced and (feed.candle_age_ms >= 0 or limits.live == 0)
    fresh = age <= limit and feed.source != CACHED
    return Measure(age, limit, known and (fresh or limits.live == 0), known)


@kernel
def unknown_orders(facts: Facts) -> Measure:
    """Count orders whose fate is unknown; none is allowed."""
    book = facts.book
    return Measure(book.unknown_orders, 0, book.unknown_orders == 0, True)


@kernel
def blocked(facts: Facts) -> Measure:
    """Measure whether the symbol's entries are blocked: 1 or 0."""
    book = facts.book
    return Measure(book.blocked, 0, book.blocked == 0, True)


@kernel
def off_list(facts: Facts) -> Measure:
    """Measure whether the pair list keeps the symbol from being entered: 1 or 0; without a list it passes."""
    book, limits = facts.book, facts.limits
    return Measure(book.off_list, 0, book.off_list == 0 or limits.pair_list == 0, True)


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
def day_loss(facts: Facts) -> Measure:
    """Measure the day's loss against what a day may lose."""
    book = facts.book
    return daily_loss(book.equity, book.day_start_equity, day_limit(facts.limits, book.day_start_equity))


@kernel
def account_drawdown(facts: Facts) -> Measure:
    """Measure how far equity lies below its peak."""
    book = facts.book
    return drawdown(book.peak_equity - book.equity, book.peak_equity, facts.limits.max_drawdown_ppm)


@kernel
def class_drawdown(facts: Facts) -> Measure:
    """Measure how far the profit of the symbol's asset class lies below its peak."""
    book = facts.book
    return drawdown(book.class_fall, book.peak_equity, facts.limits.class_drawdown_ppm)


@kernel
def trade_loss(facts: Facts) -> Measure:
    """Measure the loss of `lots` at the stop with the costs of both ways; unknown without price or stop.

    What is held counts with them: earlier slices at the price, what is added to at what was paid for it.
    """
    entry, lots, book, limits = facts.entry, facts.lots, facts.book, facts.limits
    known = entry.price > 0 and entry.stop > 0
    whole = lots if entry.held_price > 0 else lots + entry.held_lots
    loss = loss_at_stop(entry.price, entry.stop, whole, entry.cash_factor, entry.cost_ppm)
    if entry.held_price > 0:
        held = loss_at_stop(entry.held_price, entry.stop, entry.held_lots, entry.cash_factor, entry.cost_ppm)
        loss += max(held, 0)
    limit = trade_limit(limits, book.equity)
    return Measure(loss, limit, known and loss <= limit, known)


@kernel
def positions(facts: Facts) -> Measure:
    """Count open positions and entries on their way, this one included."""
    book, limits = facts.book, facts.limits
    count = book.positions + 1 - book.held
    return Measure(count, limits.max_positions, count <= limits.max_positions, True)


@kernel
def duplicate(facts: Facts) -> Measure:
    """Measure whether the symbol is held or has an entry on its way: 1 or 0."""
    book = facts.book
    return Measure(book.held, 0, book.held == 0, True)


@kernel
def cool_down(facts: Facts) -> Measure:
    """Measure the time since the last loss in ms; nothing to wait for passes."""
    book, limits = facts.book, facts.limits
    rested = book.loss_age_ms < 0 or book.loss_age_ms >= limits.cool_down_ms
    return Measure(book.loss_age_ms, limits.cool_down_ms, rested, True)


@kernel
def trades_today(facts: Facts) -> Measure:
    """Count today's entries, this one included."""
    book, limits = facts.book, facts.limits
    count = book.entries_today + 1
    return Measure(count, limits.max_trades_per_day, count <= limits.max_trades_per_day, True)


@kernel
def exposure(facts: Facts) -> Measure:
    """Measure everything exposed with this entry; in live mode unknown while a position has no mark."""
    entry, lots, book, limits = facts.entry, facts.lots, facts.book, facts.limits
    known = entry.price > 0 and (book.unmarked == 0 or limits.live == 0)
    total = book.exposure + stake(entry.price, lots, entry.cash_factor)
    limit = share_down(max(book.equity, 0), limits.total_exposure_ppm)
    return Measure(total, limit, known and total <= limit, known)


@kernel
def concentration(facts: Facts) -> Measure:
    """Measure what is exposed in the symbol with this entry."""
    entry, lots, book, limits = facts.entry, facts.lots, facts.book, facts.limits
    known = entry.price > 0
    total = book.symbol_exposure + stake(entry.price, lots, entry.cash_factor)
    limit = share_down(max(book.equity, 0), limits.concentration_ppm)
    return Measure(total, limit, known and total <= limit, known)


@kernel
def confidence(facts: Facts) -> Measure:
    """Measure the decision's confidence, 0 to 100."""
    entry, limits = facts.entry, facts.limits
    known = entry.confidence >= 0.0
    return Measure(entry.confidence, limits.min_confidence, entry.confidence >= limits.min_confidence, known)


@kernel
def reward_risk(facts: Facts) -> Measure:
    """Measure the way to the target over the way to the stop; without a target it passes, measuring 0."""
    entry, limits = facts.entry, facts.limits
    known = entry.price > 0 and entry.stop > 0
    risk = entry.price - entry.stop if known else 1
    ratio = (entry.target - entry.price) / risk if entry.target > 0 else 0.0
    enough = known and ratio >= limits.min_reward_risk
    return Measure(ratio, limits.min_reward_risk, enough or entry.target == 0, known or entry.target == 0)


@kernel
def loss_streak(facts: Facts) -> Measure:
    """Count the losing trades since the last win."""
    book, limits = facts.book, facts.limits
    return Measure(book.loss_streak, limits.loss_streak, book.loss_streak <= limits.loss_streak, True)


@kernel
def breaker(facts: Facts) -> Measure:
    """Measure the breaker of the provider whose data this is: 0 closed, 1 not."""
    feed = facts.feed
    return Measure(feed.breaker_open, 0, feed.breaker_open == 0, True)


@kernel
def size(facts: Facts) -> Measure:
    """Measure what sizing left, in lots."""
    entry, lots = facts.entry, facts.lots
    known = entry.price > 0
    return Measure(lots, 1, known and lots >= 1, known)


@kernel
def cash(facts: Facts) -> Measure:
    """Measure the cash the entry takes with its costs against what is free."""
    entry, lots, book = facts.entry, facts.lots, facts.book
    known = entry.price > 0
    needed = loss_at_stop(entry.price, 0, lots, entry.cash_factor, entry.cost_ppm)
    return Measure(needed, book.free, known and needed <= book.free, known)


@kernel
def fits(price: int, lots: int, cash_factor: int, min_lots: int, min_cash: int) -> bool:
    """Return whether the exchange's filters take an order for `lots` whose price is `price` ticks."""
    return price > 0 and lots >= max(min_lots, 1) and min_cash <= stake(price, lots, cash_factor) <= MAX_CASH


@kernel
def filters(facts: Facts) -> Measure:
    """Measure whether the exchange's filters refuse a market order for `lots`: 1 or 0."""
    entry, lots = facts.entry, facts.lots
    fit = fits(entry.price, lots, entry.cash_factor, entry.min_lots, entry.min_cash)
    return Measure(0 if fit else 1, 0, fit, entry.price > 0)
