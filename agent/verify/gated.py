"""The gate's answer to a strategy's votes: how many became entries, and which rule denied the rest."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from agent.settings.settings import Options
from agent.wiring.backtests import options_for, setup_of
from domain.candle import Candle
from domain.decision import Signal
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import plain
from risk.rule import Rule
from risk.table import NOTHING_TO_REDUCE, RULES

MOST = 5_000
"""Candles that are traded, the last ones; the rules run as plain Python."""


class DeniedVotes(NamedTuple):
    """A rule, the votes it denied, and why in words."""

    rule: str
    votes: int
    why: str


class GatedVotes(NamedTuple):
    """Candles traded, entries made, rules that denied votes, how trades ended, and what one way costs.

    `divided` is how often a custom exit divided by zero, and the last line that did.
    """

    candles: int
    entries: int
    denied: list[DeniedVotes]
    endings: dict[str, int]
    cost_ppm: int
    divided: tuple[int, int]


def gated(
    options: Options,
    candles: Candles,
    signals: Sequence[Signal],
    closes: Sequence[int],
    warmup: int = 0,
    beside: Sequence[Candles] = (),
) -> GatedVotes:
    """Trade the last candles, two warm-ups at least, by the loop's rules; say what became of the votes.

    `signals` and `closes` (ticks) are of the same candles, for the words; `beside` are other symbols'.
    """
    part = candles[-max(MOST, 2 * warmup) :]
    whole = options.entries.model_copy(update={"slices": 1})
    settings = options_for(options.model_copy(update={"entries": whole}), [part], beside)
    setup = setup_of(settings, (), beside)
    result = backtest([part], setup, plain())
    counts = Counter(result.vetoes["rule"].tolist())
    buys = [(signal, close) for signal, close in zip(signals, closes, strict=True) if signal.vote > 0]
    denied = [
        DeniedVotes(rule.reason, count, _why(rule, settings, buys))
        for code, count in counts.most_common()
        for rule in (NOTHING_TO_REDUCE if code == 0 else RULES[code - 1],)
    ]
    ended = Counter(result.endings[each] for each in result.trades["ending"].tolist())
    return GatedVotes(
        len(part), len(result.trades) + len(result.open_positions), denied,
        dict(ended.most_common()), setup.policy.cost_ppm, result.divided,
    )  # fmt: skip  # as they are declared


def _why(rule: Rule, options: Options, buys: Sequence[tuple[Signal, int]]) -> str:
    """Say what a rule asks for, where it is set, and what the votes have."""
    limits = ", ".join(f"{name} is {_value(options, name)}" for name in rule.settings)
    return " ".join(filter(None, (rule.meaning, f"{limits}." if limits else "", _had(rule, options, buys))))


def _had(rule: Rule, options: Options, buys: Sequence[tuple[Signal, int]]) -> str:
    if rule.reason == "min_confidence" and buys:
        points = sorted(signal.confidence for signal, _ in buys)
        few = sum(each < options.risk.min_confidence for each in points)
        return (
            f"Of {len(points)} votes to buy {few} have less: they go from {points[0]:.0f} to "
            f"{points[-1]:.0f}, with {median(points):.0f} in the middle."
        )
    if rule.needs == "stop":
        bare = sum(signal.stop <= 0 and signal.stop_ppm <= 0 for signal, _ in buys)
        wrong = sum(signal.stop >= close for signal, close in buys)
        return f"Without a stop are {bare} votes to buy, with one above the price {wrong}."
    return ""


def _value(options: Options, name: str) -> str:
    section, _, field = name.partition(".")
    return str(getattr(getattr(options, section), field))


def as_candles(symbol: str, timeframe_ms: int, rows: Sequence[Candle], tick: float) -> Candles:
    """Return candles in ticks as arrays of prices."""
    import numpy as np  # noqa: PLC0415  # for made candles only

    table = np.array(rows, dtype=np.float64).T
    opened, high, low, close = (table[index] * tick for index in range(1, 5))
    return Candles(symbol, timeframe_ms, table[0].astype(np.int64), opened, high, low, close, table[5])
