"""A replay's decision, gate and orders: what agent.loop.cycle does between seeing and learning."""

from collections.abc import Sequence

from domain.exits import BY_SIGNAL
from domain.kelly import kelly
from domain.kernel import kernel
from domain.money import MAX_CASH, notional, share_up
from domain.tally import below_peak
from platforms.fills import BUY, SELL, Costs, buy_cost, market_price
from platforms.impact import Slips, mean_volume, range_ppm, slipped_at, takes_within
from reasoning.advised import lowered, raised
from reasoning.vote import heard_weight, pull_of, score_of
from research.engine.account import close_position, last_closed
from research.engine.layout import (
    ACCT,
    ADDED,
    BOUGHT,
    BOUGHT_REF,
    BOUND,
    CANDLE_AT,
    CASH,
    CLASS_AT,
    CYCLE,
    DAY_START,
    ENTRIES_TODAY,
    ENTRY_CANDLE,
    ENTRY_CYCLE,
    EQUITY,
    EVENT_VOICES,
    EVIDENCE_AT,
    EXIT_PLAN,
    FACTOR,
    FEES,
    FIRST_LOTS,
    FIXED_LOTS,
    HELD,
    KILLED,
    LAST_LOSS,
    LOSS_STREAK,
    LOTS,
    MARK,
    MIN_CASH,
    MIN_LOTS,
    NEVER,
    NO_PLAN,
    OPENED_MS,
    PEAK,
    PER_VOICE,
    QUOTE,
    SINCE,
    SOLD,
    SOLD_LOTS,
    SOLD_REF,
    SPOKEN_AT,
    STOP,
    STOP_BY,
    STOP_OF,
    STOP_PPM_OF,
    SYMBOL,
    SYMBOLS,
    TARGET,
    TARGET_OF,
    TRIGGERED,
    TURN,
    TURN_AT,
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
    WIN_STREAK,
    ExitTables,
    Floats,
    Ints,
    Opinions,
    PairFlags,
    RuleParameters,
)
from research.engine.pair_limits import limits_at, sizing_at
from research.engine.past_trades import look_back
from risk.entry_orders import MARKET, EntryOrders, allowed_ppm, limit_of, predicted_ppm
from risk.facts import NONE, RECORDED, AccountFacts, Entry, Facts, Feed
from risk.gate import first_denial
from risk.limits import Limits
from risk.rules import fits
from risk.sizing import size_entry
from risk.stake import stop_below, stop_level, trailed
from risk.table import FILTERS

NOTHING_TO_REDUCE = 0
"""Code of a veto on a sale without a position; every other veto has its rule's code."""


@kernel
def weight_of(ints: Ints, floats: Floats, voice: int, min_evidence: int) -> float:
    """Return a voice's weight: 1 until enough trades stand behind it."""
    if ints[ints[EVIDENCE_AT] + voice] < min_evidence:
        return 1.0
    return heard_weight(floats[WEIGHTS + voice])


@kernel
def score_at(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
) -> float:
    """Return the score of the event whose numbers begin at `e` and `f`, as reasoning.vote does."""
    pull = 0.0
    total = 0.0
    for voice in range(ints[VOICES]):
        vote = event[e + EVENT_VOICES + voice * PER_VOICE + VOTE]
        if vote != 0:
            weight = weight_of(ints, floats, voice, min_evidence)
            pull += pull_of(weight, vote, confidence[f + 1 + voice])
            total += weight
    return score_of(pull, total)


@kernel
def score_with_models(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
    index: int,
    own: float,
    threshold: float,
    opinions: Opinions,
) -> float:
    """Return an entry's score with the models' voices at the event `index`, as reasoning.vote does."""
    pull = 0.0
    total = 0.0
    for voice in range(ints[VOICES]):
        vote = event[e + EVENT_VOICES + voice * PER_VOICE + VOTE]
        if vote != 0:
            weight = weight_of(ints, floats, voice, min_evidence)
            pull += pull_of(weight, vote, confidence[f + 1 + voice])
            total += weight
    models = len(opinions.weight)
    proven = 0
    most = 0.0
    for model in range(models):
        at = index * models + model
        if opinions.cap[model] >= 0.0:
            proven += 1
            vote = opinions.vote[at]
            if vote != 0:
                pull += pull_of(opinions.weight[model], vote, opinions.confidence[at])
                total += opinions.weight[model]
            if vote > 0:
                most = max(most, opinions.cap[model])
    score = own
    if proven > 0:
        score = raised(own, score_of(pull, total), most if own >= threshold else 0.0)
    for model in range(models):
        at = index * models + model
        vote = opinions.vote[at]
        if opinions.cap[model] < 0.0 and vote != 0:
            more = pull_of(opinions.weight[model], vote, opinions.confidence[at])
            score = lowered(score, score_of(pull + more, total + opinions.weight[model]))
    return score


@kernel
def least_edge(index: int, opinions: Opinions) -> int:
    """Return the promoted model that sees the least edge at an event, -1 where none does."""
    models = len(opinions.weight)
    result = -1
    least = 0.0
    for model in range(models):
        chance = opinions.chance[index * models + model]
        if opinions.cap[model] >= 0.0 and chance >= 0.0:
            edge = kelly(chance, opinions.payoff[model])
            if result < 0 or edge < least:
                result = model
                least = edge
    return result


@kernel
def strongest_at(
    ints: Ints,
    floats: Floats,
    min_evidence: int,
    event: Sequence[int],
    confidence: Sequence[float],
    e: int,
    f: int,
    side: int,
) -> int:
    """Return the voice on a side with the most weight times confidence, -1 when none stands behind it."""
    strongest = -1
    most = -1.0
    for voice in range(ints[VOICES]):
        if event[e + EVENT_VOICES + voice * PER_VOICE + VOTE] == side:
            weight = weight_of(ints, floats, voice, min_evidence)
            strength = pull_of(weight, 1, confidence[f + 1 + voice])
            if weight > 0.0 and strength > most:
                strongest = voice
                most = strength
    return strongest


@kernel
def value_at(ints: Ints, p: int) -> int:
    """Return what a symbol's position is worth at its mark."""
    return notional(ints[p + MARK], ints[p + LOTS], ints[p + FACTOR])


@kernel
def cost_of(ints: Ints, p: int) -> int:
    """Return what the lots still held cost, rounded down: all that was bought while none is sold."""
    if ints[p + SOLD_LOTS] == 0:
        return ints[p + BOUGHT]
    total = ints[p + LOTS] + ints[p + SOLD_LOTS]
    each = ints[p + BOUGHT] // total
    return each * ints[p + LOTS] + (ints[p + BOUGHT] - each * total) * ints[p + LOTS] // total


@kernel
def class_fall(ints: Ints, class_at: int) -> int:
    """Return how far an asset class's profit, open positions included, lies below its peak."""
    now = ints[class_at]
    for symbol in range(ints[SYMBOLS]):
        p = ACCT + symbol * SYMBOL
        if ints[p + LOTS] > 0 and ints[p + CLASS_AT] == class_at:
            now += value_at(ints, p) - cost_of(ints, p)
    return below_peak(now, ints[class_at + 1])


@kernel
def is_off_list(pairs: PairFlags, p: int, at_ms: int) -> int:
    """Return 1 where the pair list in force keeps a symbol from being entered."""
    if len(pairs.off) == 0:
        return 0
    return pairs.off[(p - ACCT) // SYMBOL * pairs.lists + at_ms // pairs.refresh_ms - pairs.first]


@kernel
def book_for(
    ints: Ints, house: RuleParameters, limits: Limits, p: int, at_ms: int, added_to: int
) -> AccountFacts:
    """Return the account as the gate sees it: positions, and entries approved earlier in the cycle.

    A position that is `added_to` (1, else 0) takes no place besides.
    """
    past = look_back(ints, p, at_ms, limits)
    free = ints[CASH]
    exposure = 0
    own = 0
    entries = 0
    for symbol in range(ints[SYMBOLS]):
        q = ACCT + symbol * SYMBOL
        value = 0
        if ints[q + LOTS] > 0:
            value = value_at(ints, q)
        elif ints[q + WANTED] > 0:
            value = notional(ints[q + QUOTE], ints[q + WANT_LOTS], ints[q + FACTOR])
            free -= share_up(value, 1_000_000 + house.cost_ppm)
            entries += 1
        exposure += value
        if q == p:
            own = value
    age = NONE
    if ints[LAST_LOSS] != NEVER and ints[WIN_STREAK] == 0:
        age = max(at_ms - ints[LAST_LOSS], 0)
    return AccountFacts(
        ints[EQUITY],
        free,
        ints[DAY_START],
        ints[PEAK],
        class_fall(ints, ints[p + CLASS_AT]),
        exposure,
        own,
        0,
        ints[HELD] + entries - added_to,
        (1 if ints[p + LOTS] > 0 else 0) - added_to,
        ints[ENTRIES_TODAY] + entries,
        age,
        ints[LOSS_STREAK],
        ints[WIN_STREAK],
        0,
        ints[KILLED],
        0,
        past.exit_age_ms,
        past.stops,
        past.symbol_trades,
        past.symbol_profit,
        is_off_list(house.off_list, p, at_ms),
    )


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
def law_now(ints: Ints, slips: Slips, turn_end: Sequence[int], p: int) -> tuple[float, float, float, float]:
    """Return a symbol's law of slippage, and the range and volume it reads now; none costs nothing."""
    if len(slips.base) == 0:
        return 0.0, 0.0, 0.0, 1.0
    symbol, first, newest = (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], last_closed(ints, p, turn_end)
    wide = range_ppm(slips.high, slips.low, slips.close, first, newest)
    volume = mean_volume(slips.volume, slips.step[symbol], first, newest)
    return slips.base[symbol], slips.growth[symbol], wide, volume


@kernel
def entry_limit(
    ints: Ints, orders: EntryOrders, slips: Slips, turn_end: Sequence[int], p: int, entry: Entry, lots: int
) -> int:
    """Return the price an entry is ordered within, 0 for at the market, as risk.choice does."""
    if orders.kind == MARKET:
        return 0
    base, growth, wide, volume = law_now(ints, slips, turn_end, p)
    predicted = predicted_ppm(orders, base, growth, wide, volume, lots)
    return limit_of(orders, entry.price, predicted, allowed_ppm(orders, entry.price, entry.stop))


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


@kernel
def slipped_now(ints: Ints, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, lots: int) -> Costs:
    """Return the costs of a market order of so many lots that is sent now."""
    newest = last_closed(ints, p, turn_end)
    return slipped_at(costs, slips, (p - ACCT) // SYMBOL, ints[p + CANDLE_AT], newest, lots)


@kernel
def sell(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    turn_end: Sequence[int],
    p: int,
    at_ms: int,
    ending: int,
) -> None:
    """Sell a position at the market; where the exchange refuses, its protection is placed anew."""
    mark = ints[p + MARK]
    if fits(mark, ints[p + LOTS], ints[p + FACTOR], ints[p + MIN_LOTS], ints[p + MIN_CASH]):
        costs = slipped_now(ints, costs, slips, turn_end, p, ints[p + LOTS])
        price = market_price(SELL, mark, costs)
        close_position(ints, floats, costs, p, price, mark, at_ms, ending)
    else:
        ints[p + SINCE] = at_ms


@kernel
def buy(
    ints: Ints, floats: Floats, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, at_ms: int
) -> None:
    """Buy and protect what was bought; an order the cash does not cover is refused.

    Within a price only what trades there is bought, and less than may be sold again is not.
    """
    factor, mark, lots = ints[p + FACTOR], ints[p + MARK], ints[p + WANT_LOTS]
    if ints[p + WANT_LIMIT] > 0:
        base, growth, wide, volume = law_now(ints, slips, turn_end, p)
        lots = takes_within(BUY, mark, ints[p + WANT_LIMIT], costs, base, growth, wide, volume, lots)
        if lots < ints[p + MIN_LOTS] or notional(mark, lots, factor) < ints[p + MIN_CASH] or lots == 0:
            return
    dear = slipped_now(ints, costs, slips, turn_end, p, lots)
    price = market_price(BUY, mark, dear)
    if lots > MAX_CASH // factor // price:
        return
    cost = buy_cost(price, lots, factor, costs.taker_fee)
    if cost > ints[CASH]:
        return
    bought = notional(price, lots, factor)
    ints[CASH] -= cost
    ints[HELD] += 1
    ints[p + LOTS] = lots
    ints[p + BOUGHT] = bought
    ints[p + BOUGHT_REF] = notional(mark, lots, factor)
    ints[p + FEES] = cost - bought
    ints[p + OPENED_MS] = at_ms
    ints[p + ENTRY_CYCLE] = ints[CYCLE]
    ints[p + EXIT_PLAN] = ints[p + WANT_PLAN]
    ints[p + ADDED], ints[p + FIRST_LOTS] = 0, ints[p + WANT_LOTS]
    if ints[p + WANT_PLAN] != NO_PLAN:  # else nobody asks, and to look waits for memory
        ints[p + ENTRY_CANDLE] = last_closed(ints, p, turn_end)
    ints[p + SOLD_LOTS] = ints[p + SOLD] = ints[p + SOLD_REF] = ints[p + STOP_BY] = 0
    protect(ints, floats, costs, slips, turn_end, p, at_ms)


@kernel
def protect(
    ints: Ints, floats: Floats, costs: Costs, slips: Slips, turn_end: Sequence[int], p: int, at_ms: int
) -> None:
    """Place stop and target; where the exchange would refuse one, get out again at once."""
    lots, factor = ints[p + LOTS], ints[p + FACTOR]
    least_lots, least_cash = ints[p + MIN_LOTS], ints[p + MIN_CASH]
    stop, target = ints[p + WANT_STOP], max(ints[p + WANT_TARGET], 0)
    if stop == 0:
        stop = stop_below(ints[p + BOUGHT], (lots + ints[p + SOLD_LOTS]) * factor, ints[p + WANT_STOP_PPM])
    ints[p + STOP] = max(stop, 0)
    ints[p + TARGET] = target
    ints[p + TRIGGERED] = 0
    ints[p + SINCE] = at_ms
    stop_fits = stop <= 0 or fits(stop, lots, factor, least_lots, least_cash)
    target_fits = target == 0 or fits(target, lots, factor, least_lots, least_cash)
    in_order = stop <= 0 or target == 0 or target > stop
    if not (stop_fits and target_fits and in_order):
        ints[p + STOP] = 0
        ints[p + TARGET] = 0
        sell(ints, floats, costs, slips, turn_end, p, at_ms, BY_SIGNAL)


@kernel
def raise_stop(
    ints: Ints,
    floats: Floats,
    costs: Costs,
    slips: Slips,
    p: int,
    at_ms: int,
    trailing_ppm: int,
    close: Sequence[int],
    turn_ms: Sequence[int],
    turn_end: Sequence[int],
) -> None:
    """Let a position's stop follow the candle that closed in this cycle."""
    turn = ints[p + TURN_AT] + ints[p + TURN] - 1
    if turn_ms[turn] != at_ms or turn_end[turn] == turn_end[turn - 1]:
        return
    stop = ints[p + STOP]
    level = trailed(stop, close[ints[p + CANDLE_AT] + turn_end[turn] - 1], ints[p + QUOTE], trailing_ppm)
    if level == stop:
        return
    ints[p + WANT_STOP] = level
    ints[p + WANT_TARGET] = ints[p + TARGET]
    protect(ints, floats, costs, slips, turn_end, p, at_ms)
