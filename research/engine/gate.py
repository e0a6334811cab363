"""A replay's gate: entries are sized and judged, sales let through or refused, as risk.judge does."""

from collections.abc import Sequence

from domain.kernel import kernel
from platforms.impact import Slips
from research.engine.account_facts import book_for
from research.engine.layout import (
    ACCT,
    BOUND,
    CYCLE,
    EVENT_VOICES,
    FACTOR,
    FIXED_LOTS,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NO_PLAN,
    PER_VOICE,
    QUOTE,
    SPOKEN_AT,
    STOP_OF,
    STOP_PPM_OF,
    SYMBOL,
    SYMBOLS,
    TARGET_OF,
    VETO_ROW,
    VETOES,
    VETOES_AT,
    VOICES,
    VOTE,
    WANT_LIMIT,
    WANT_LOTS,
    WANT_PLAN,
    WANT_STOP,
    WANT_STOP_PPM,
    WANT_TARGET,
    WANTED,
    WEIGHTS,
    ExitTables,
    Floats,
    Ints,
    Opinions,
    RuleParameters,
)
from research.engine.orders import entry_limit
from research.engine.pair_limits import limits_at, sizing_at
from research.engine.voices import least_edge
from risk.codes import FILTERS
from risk.facts import NONE, RECORDED, Entry, Facts, Feed
from risk.gate import first_denial
from risk.rules import fits
from risk.sizing import size_entry
from risk.stake import stop_level

NOTHING_TO_REDUCE = 0
"""Code of a veto on a sale without a position; every other veto has its rule's code."""


@kernel
def veto(ints: Ints, p: int, at_ms: int, rule: int) -> None:
    """Write down that a decision was denied."""
    row = ints[VETOES_AT] + ints[VETOES] * VETO_ROW
    ints[row] = ints[CYCLE]
    ints[row + 1] = at_ms
    ints[row + 2] = (p - ACCT) // SYMBOL
    ints[row + 3] = rule
    ints[VETOES] += 1


@kernel
def plan_of(ints: Ints, exits: ExitTables, p: int, voice: int) -> int:
    """Return where the plan lies by which a voice's entry in the symbol at `p` is left, NO_PLAN for none."""
    if len(exits.first) == 0:
        return NO_PLAN
    if len(exits.first) > ints[VOICES]:  # symbols have parameters of their own
        return exits.first[(p - ACCT) // SYMBOL * ints[VOICES] + voice]
    return exits.first[voice]


@kernel
def judge_entry(
    ints: Ints,
    floats: Floats,
    house: RuleParameters,
    p: int,
    at_ms: int,
    event: Sequence[int],
    e: int,
    strongest: int,
    confidence: float,
    ratio: float,
    index: int,
    opinions: Opinions,
    slips: Slips,
    turn_end: Sequence[int],
    exits: ExitTables,
) -> None:
    """Size an entry, put it through the gate and choose its order."""
    text = e + EVENT_VOICES + strongest * PER_VOICE
    price, factor = ints[p + QUOTE], ints[p + FACTOR]
    stop_ppm, stop, target = event[text + STOP_PPM_OF], event[text + STOP_OF], event[text + TARGET_OF]
    chance = 1.0
    payoff = 0.0
    model = least_edge(index, opinions)
    if model >= 0:
        chance = opinions.chance[index * len(opinions.weight) + model]
        payoff = opinions.payoff[model]
    entry = Entry(
        price,
        stop_level(price, stop_ppm, stop),
        max(target, 0),
        confidence,
        ratio,
        ints[p + FIXED_LOTS],
        factor,
        ints[p + MIN_LOTS],
        ints[p + MIN_CASH],
        house.cost_ppm,
        chance,
        payoff,
        0,
        0,
    )
    limits = limits_at(house, p)
    book = book_for(ints, house, limits, p, at_ms, 0)
    size = size_entry(entry, book, limits, sizing_at(house, p))
    lots = size.lots
    feed = Feed(RECORDED, 0 if price > 0 else NONE, 0, 0)
    rule = first_denial(Facts(feed, entry, lots, book, limits))
    if rule > 0:
        veto(ints, p, at_ms, rule)
        return
    ints[p + WANTED] = 1
    ints[p + WANT_LOTS] = lots
    ints[p + BOUND] = size.bound
    ints[p + WANT_LIMIT] = entry_limit(ints, house.orders, slips, turn_end, p, entry, lots)
    ints[p + WANT_STOP_PPM] = stop_ppm
    ints[p + WANT_STOP] = stop
    ints[p + WANT_TARGET] = target
    ints[p + WANT_PLAN] = plan_of(ints, exits, p, strongest)
    if ints[p + WANT_PLAN] != NO_PLAN:
        floats[WEIGHTS + ints[VOICES] + 2 * ints[SYMBOLS] + (p - ACCT) // SYMBOL] = confidence
    for voice in range(ints[VOICES]):
        ints[ints[p + SPOKEN_AT] + voice] = event[e + EVENT_VOICES + voice * PER_VOICE + VOTE]


@kernel
def judge_exit(ints: Ints, p: int, at_ms: int) -> None:
    """Let a position be sold, unless there is none or the exchange's filters refuse."""
    lots = ints[p + LOTS]
    if lots == 0:
        veto(ints, p, at_ms, NOTHING_TO_REDUCE)
        return
    # Without a current price only the exchange can tell the notional.
    least = ints[p + MIN_CASH] if ints[p + QUOTE] > 0 else 0
    if fits(ints[p + MARK], lots, ints[p + FACTOR], ints[p + MIN_LOTS], least):
        ints[p + WANTED] = -1
    else:
        veto(ints, p, at_ms, FILTERS)
