"""Volumes, and the prices they were traded at."""

from domain.kernel import kernel
from reasoning.indicators.kind import VALUE, IndicatorKind, Parameter, period
from reasoning.indicators.windows import RING_EXTRA, newest_slot, ring_push, sum_size, sum_step
from reasoning.kernels.indicators import Memory

HOUR_MS = 3_600_000


@kernel
def typical_of(high: float, low: float, close: float) -> float:
    """Return the typical price of a candle."""
    return (high + low + close) / 3.0


@kernel
def mfi_size(n: int) -> int:
    """Return the floats of a money flow index: the typical price before, and a ring of flows."""
    return 1 + n + RING_EXTRA


@kernel
def mfi_warmup(n: int) -> int:
    """Return the candles before the first index: `n` changes of the typical price."""
    return n


@kernel
def mfi_step(memory: Memory, at: int, n: int, high: float, low: float, close: float, volume: float) -> float:
    """Return the money flow index: an RSI of money, 0 to 100. Cost: `n`.

    Block: 0 the typical price before, 1.. a ring of flows, those of falling prices negative.
    """
    before, ring = memory[at], at + 1 + RING_EXTRA
    typical = typical_of(high, low, close)
    memory[at] = typical
    if before == 0.0:
        return 0.0
    flow = typical * volume if typical > before else -typical * volume if typical < before else 0.0
    ring_push(memory, at + 1, n, flow)
    if memory[at + 1] < n:
        return 0.0
    newest = newest_slot(memory, at + 1, n)
    into, total = 0.0, 0.0
    for index in range(ring + newest + 1, ring + n):
        into += max(memory[index], 0.0)
        total += abs(memory[index])
    for index in range(ring, ring + newest + 1):
        into += max(memory[index], 0.0)
        total += abs(memory[index])
    return 100.0 * (into / total) if total > 0.0 else 50.0


@kernel
def obv_size() -> int:
    """Return the floats of an on-balance volume."""
    return 3


@kernel
def obv_warmup() -> int:
    """Return 0: the first candle's volume is its first value."""
    return 0


@kernel
def obv_step(memory: Memory, at: int, close: float, volume: float) -> float:
    """Return the on-balance volume: the volume of rising candles less that of falling ones since the first.

    Block: 0 candles seen, 1 last close, 2 the balance.
    """
    before = memory[at + 1]
    memory[at + 1] = close
    if memory[at] == 0.0 or close > before:
        memory[at + 2] += volume
    elif close < before:
        memory[at + 2] -= volume
    memory[at] += 1.0
    return memory[at + 2]


@kernel
def rolling_vwap_size(n: int) -> int:
    """Return the floats of a rolling average price: two windows."""
    return 2 * sum_size(n)


@kernel
def rolling_vwap_warmup(n: int) -> int:
    """Return the candles before the window is full."""
    return n - 1


@kernel
def rolling_vwap_step(
    memory: Memory, at: int, n: int, high: float, low: float, close: float, volume: float
) -> float:
    """Return the volume-weighted average price of `n` candles. Block: sums of money and of volume."""
    typical = typical_of(high, low, close)
    money = sum_step(memory, at, n, typical * volume)
    traded = sum_step(memory, at + sum_size(n), n, volume)
    if memory[at] < n:
        return 0.0
    return money / traded if traded > 0.0 else typical


@kernel
def vwap_size(_hours: int, _begins: int) -> int:
    """Return the floats of a session's average price: candles seen, session, whether begun, money, volume."""
    return 5


@kernel
def vwap_warmup(_hours: int, _begins: int) -> int:
    """Return 0: what it waits for is the beginning of a session."""
    return 0


@kernel
def session_of(time: float, hours: int, begins: int) -> int:
    """Return the number of the session of a time (ms, UTC): one begins every `hours`, at hour `begins`."""
    return (int(time) - begins * HOUR_MS) // (hours * HOUR_MS)


@kernel
def begins_session(time: float, hours: int, begins: int) -> int:
    """Return 1 for a time (ms, UTC) at which a session begins, else 0."""
    return 1 if (int(time) - begins * HOUR_MS) % (hours * HOUR_MS) == 0 else 0


@kernel
def vwap_step(
    memory: Memory,
    at: int,
    hours: int,
    begins: int,
    time: float,
    high: float,
    low: float,
    close: float,
    volume: float,
) -> float:
    """Return the volume-weighted average price since the session began; 0.0 where that was missed.

    Block: 0 candles seen, 1 the session's number, 2 whether its beginning was seen, 3 money, 4 volume.
    """
    session = float(session_of(time, hours, begins))
    typical = typical_of(high, low, close)
    if memory[at] == 0.0 or session != memory[at + 1]:
        memory[at + 2] = 1.0 if memory[at] > 0.0 or begins_session(time, hours, begins) == 1 else 0.0
        memory[at + 1] = session
        memory[at + 3] = 0.0
        memory[at + 4] = 0.0
    memory[at] += 1.0
    memory[at + 3] += typical * volume
    memory[at + 4] += volume
    if memory[at + 2] == 0.0:
        return 0.0
    return memory[at + 3] / memory[at + 4] if memory[at + 4] > 0.0 else typical


SESSION = (
    Parameter("hours", int, 24, 1, 168, "hours of a session"),
    Parameter("begins", int, 0, 0, 167, "hour (UTC) at which one begins; a week of 168 from Monday is 96"),
)
MFI = IndicatorKind(
    name="mfi",
    family="volume",
    step=mfi_step,
    size=mfi_size,
    warmup=mfi_warmup,
    parameters=(period(14, "changes of the typical price"),),
    inputs=("high", "low", "close", "volume"),
    outputs=VALUE,
    on_price=False,
    formula="100 * sum of typical * volume where typical rose / the same where it rose or fell, over n",
    source="Quong and Soudack, Stocks & Commodities 7:3 (1989); TA-Lib MFI",
    convention="A flow at an equal price is neither, as in TA-Lib. Without any flow it is 50, where "
    "TA-Lib says 0 (oversold); no threshold has a unit of money.",
)
OBV = IndicatorKind(
    name="obv",
    family="volume",
    step=obv_step,
    size=obv_size,
    warmup=obv_warmup,
    parameters=(),
    inputs=("close", "volume"),
    outputs=VALUE,
    on_price=False,
    formula="obv + volume where the close rose, - volume where it fell",
    source="Granville, New Key to Stock Market Profits (1963); TA-Lib OBV",
    convention="Begins with the first candle's volume, as TA-Lib does; others begin with 0. Its level "
    "depends on where history begins: only its changes say anything.",
)
ROLLING_VWAP = IndicatorKind(
    name="rolling_vwap",
    family="volume",
    step=rolling_vwap_step,
    size=rolling_vwap_size,
    warmup=rolling_vwap_warmup,
    parameters=(period(20, "candles averaged"),),
    inputs=("high", "low", "close", "volume"),
    outputs=VALUE,
    on_price=True,
    formula="sum of typical * volume / sum of volume, over n; typical = (high + low + close) / 3",
    source="Berkowitz, Logue and Noser, Journal of Finance 43:1 (1988), over a window",
    convention="Where nothing traded in n candles it is the typical price of this one.",
)
VWAP = IndicatorKind(
    name="vwap",
    family="volume",
    step=vwap_step,
    size=vwap_size,
    warmup=vwap_warmup,
    parameters=SESSION,
    inputs=("time", "high", "low", "close", "volume"),
    outputs=VALUE,
    on_price=True,
    formula="sum of typical * volume / sum of volume, since the session began",
    source="Berkowitz, Logue and Noser, Journal of Finance 43:1 (1988); TA-Lib VWAP over each session",
    convention="A session is a UTC day, as exchanges of coins and TradingView have it, unless told. One "
    "whose beginning was missed has none (0.0), so the line does not depend on where history begins; "
    "TA-Lib's begins with the first candle and never anew.",
    late=True,
)
KINDS = (MFI, OBV, ROLLING_VWAP, VWAP)
