"""Lines that follow a trend and change sides with it."""

from typing import NamedTuple

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, Parameter, period
from reasoning.indicators.windows import RING_EXTRA, highest_step, lowest_step, peak_size, ring_push
from reasoning.kernels.indicators import ATR_SIZE, Memory, atr_step


class Follower(NamedTuple):
    """A line below the price in an upward trend (direction 1) and above it in a downward one (-1)."""

    line: float
    direction: float


class Ichimoku(NamedTuple):
    """The middles of two ranges, the cloud drawn for this candle, and the close it is held against."""

    conversion: float
    base: float
    span_a: float
    span_b: float
    past: float


@kernel
def supertrend_size(_n: int, _width: float) -> int:
    """Return the floats of a supertrend: close before, lower and upper band, direction, an ATR."""
    return 4 + ATR_SIZE


@kernel
def supertrend_warmup(n: int, _width: float) -> int:
    """Return the candles before the first ATR."""
    return n


@kernel
def supertrend_step(
    memory: Memory, at: int, n: int, width: float, high: float, low: float, close: float
) -> Follower:
    """Return the supertrend: bands of `width` ATR that only tighten, until a close beyond one turns it.

    Block: 0 close before, 1 lower band, 2 upper band, 3 direction (0 before the first), 4.. the ATR.
    """
    before = memory[at]
    memory[at] = close
    atr = atr_step(memory, at + 4, n, high, low, close)
    if memory[at + 4] <= n:
        return Follower(0.0, 0.0)
    middle = (high + low) / 2.0
    lower, upper = middle - width * atr, middle + width * atr
    if memory[at + 3] == 0.0:
        memory[at + 3] = 1.0 if close > upper else -1.0
    else:
        if before >= memory[at + 1]:
            lower = max(lower, memory[at + 1])
        if before <= memory[at + 2]:
            upper = min(upper, memory[at + 2])
        if memory[at + 3] > 0.0:
            memory[at + 3] = -1.0 if close < lower else 1.0
        else:
            memory[at + 3] = 1.0 if close > upper else -1.0
    memory[at + 1] = lower
    memory[at + 2] = upper
    return Follower(lower if memory[at + 3] > 0.0 else upper, memory[at + 3])


@kernel
def sar_size(_step: float, _most: float) -> int:
    """Return the floats of a parabolic SAR."""
    return 7


@kernel
def sar_warmup(_step: float, _most: float) -> int:
    """Return the candles before the first SAR: one to come from."""
    return 1


@kernel
def sar_step(memory: Memory, at: int, step: float, most: float, high: float, low: float) -> Follower:
    """Return the parabolic SAR: a stop that nears the price the faster the more new extremes a trend makes.

    Block: 0 candles seen, 1 last high, 2 last low, 3 direction, 4 the SAR for this candle, 5 the extreme,
    6 the acceleration. A falling trend is a rising one of negative prices.
    """
    count = memory[at]
    high_before, low_before = memory[at + 1], memory[at + 2]
    memory[at] = count + 1.0
    memory[at + 1] = high
    memory[at + 2] = low
    if count == 0.0:
        return Follower(0.0, 0.0)
    if count == 1.0:
        falls = low_before - low > 0.0 and low_before - low > high - high_before
        memory[at + 3] = -1.0 if falls else 1.0
        memory[at + 4] = high_before if falls else low_before
        memory[at + 5] = low if falls else high
        memory[at + 6] = min(step, most)
        high_before, low_before = high, low
    side = memory[at + 3]
    line, extreme = side * memory[at + 4], side * memory[at + 5]
    good, bad = (high, low) if side > 0.0 else (-low, -high)
    bad_before = low_before if side > 0.0 else -high_before
    good_before = high_before if side > 0.0 else -low_before
    if bad <= line:
        # It turns: the stop jumps to the old trend's extreme, beyond the last two candles.
        stop = max(extreme, good_before, good)
        memory[at + 3] = -side
        memory[at + 6] = min(step, most)
        memory[at + 5] = side * bad
        memory[at + 4] = side * max(stop + memory[at + 6] * (bad - stop), good_before, good)
        return Follower(side * stop, -side)
    if good > extreme:
        extreme = good
        memory[at + 6] = min(memory[at + 6] + step, most)
    memory[at + 5] = side * extreme
    memory[at + 4] = side * min(line + memory[at + 6] * (extreme - line), bad_before, bad)
    return Follower(side * line, side)


@kernel
def ichimoku_size(conversion: int, base: int, span: int, shift: int) -> int:
    """Return the floats of an Ichimoku: six extremes and three rings."""
    return 2 * (peak_size(conversion) + peak_size(base) + peak_size(span)) + 3 * (shift + RING_EXTRA)


@kernel
def ichimoku_warmup(conversion: int, base: int, span: int, shift: int) -> int:
    """Return the candles before a cloud was drawn for this one."""
    return max(conversion, base, span) + shift - 2


@kernel
def middle_step(memory: Memory, at: int, n: int, high: float, low: float) -> float:
    """Return the middle between the highest high and the lowest low of `n` candles. Block: two extremes."""
    top = highest_step(memory, at, n, high)
    return (top + lowest_step(memory, at + peak_size(n), n, low)) / 2.0


@kernel
def delayed(memory: Memory, at: int, shift: int, value: float) -> float:
    """Return the value of `shift` - 1 calls before, 0.0 before the first. Block: a ring of `shift`."""
    ring_push(memory, at, shift, value)
    return memory[at + RING_EXTRA + int(memory[at + 1])]


@kernel
def ichimoku_step(
    memory: Memory,
    at: int,
    conversion: int,
    base: int,
    span: int,
    shift: int,
    high: float,
    low: float,
    close: float,
) -> Ichimoku:
    """Return the Ichimoku lines as they are known at this candle: nothing is drawn from a later one."""
    base_at = at + 2 * peak_size(conversion)
    span_at = base_at + 2 * peak_size(base)
    rings = span_at + 2 * peak_size(span)
    room = shift + RING_EXTRA
    quick = middle_step(memory, at, conversion, high, low)
    calm = middle_step(memory, base_at, base, high, low)
    cloud_a = delayed(memory, rings, shift, (quick + calm) / 2.0)
    cloud_b = delayed(memory, rings + room, shift, middle_step(memory, span_at, span, high, low))
    past = delayed(memory, rings + 2 * room, shift, close)
    if memory[at] <= ichimoku_warmup(conversion, base, span, shift):
        return Ichimoku(0.0, 0.0, 0.0, 0.0, 0.0)
    return Ichimoku(quick, calm, cloud_a, cloud_b, past)


SUPERTREND = IndicatorKind(
    name="supertrend",
    family="trend",
    step=supertrend_step,
    size=supertrend_size,
    warmup=supertrend_warmup,
    parameters=(
        period(10, "ranges of the ATR"),
        Parameter("width", float, 3.0, 0.1, 20.0, "ATRs from the middle of a candle to its band"),
    ),
    inputs=("high", "low", "close"),
    outputs=Follower._fields,
    on_price=True,
    formula="bands (high + low) / 2 -+ width * atr, the lower only rising while the close before was "
    "above it, the upper only falling while it was below; a close beyond the upper turns it up, beyond "
    "the lower down",
    source="Seban (2007), as TradingView draws it; TA-Lib SUPERTREND",
    convention="It begins downward, as TradingView's does, so that the first turn upward is one that was "
    "seen; TA-Lib's begins upward. From the first turn they share they agree. A close on a band turns "
    "nothing.",
    priced=("line",),
)
SAR = IndicatorKind(
    name="sar",
    family="trend",
    step=sar_step,
    size=sar_size,
    warmup=sar_warmup,
    parameters=(
        Parameter("step", float, 0.02, 0.001, 1.0, "what a new extreme adds to the acceleration"),
        Parameter("most", float, 0.2, 0.001, 1.0, "the acceleration at most"),
    ),
    inputs=("high", "low"),
    outputs=Follower._fields,
    on_price=True,
    formula="sar + acceleration * (extreme - sar), never within the last two candles; a candle that "
    "touches it turns it, to the old trend's extreme",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib SAR",
    convention="It begins downward where the second candle moved further down than up, else upward, from "
    "the first candle's far end, as TA-Lib does; Wilder leaves the beginning to the trader. A touch "
    "turns it.",
    priced=("line",),
)
ICHIMOKU = IndicatorKind(
    name="ichimoku",
    family="trend",
    step=ichimoku_step,
    size=ichimoku_size,
    warmup=ichimoku_warmup,
    parameters=(
        period(9, "candles of the conversion line", "conversion"),
        period(26, "candles of the base line", "base"),
        period(52, "candles of span B", "span"),
        period(26, "candles the cloud is drawn ahead, this one counted", "shift"),
    ),
    inputs=("high", "low", "close"),
    outputs=Ichimoku._fields,
    on_price=True,
    formula="conversion, base, b = (highest + lowest) / 2 of their candles; span_a = (conversion + base) "
    "/ 2 and span_b = b of shift - 1 candles ago; past = close of shift - 1 candles ago",
    source="Hosoda, Ichimoku Kinko Hyo (1969)",
    convention="The cloud of a candle is what was drawn for it shift - 1 candles ago, for Hosoda counts "
    "the day itself, as TradingView does. The lagging span, a close drawn back, is not told: at the "
    "candle it is drawn on nobody knew it. Its question is asked the other way round, by holding this "
    "close against `past`.",
)
KINDS = (SUPERTREND, SAR, ICHIMOKU)
