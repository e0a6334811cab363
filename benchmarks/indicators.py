"""Indicators beside TA-Lib: one call in plain Python, one as machine code, and TA-Lib over the series.

Run it with `python -m benchmarks.indicators`.
"""

from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

import numpy as np
import talib as stubbed

from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.indicators.table import INDICATORS
from research.engine.machine_code import register

COUNT, PLAIN = 200_000, 5_000
talib: Any = stubbed

BESIDE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "sma": lambda c: talib.SMA(c["close"], 20),
    "ema": lambda c: talib.EMA(c["close"], 20),
    "rsi": lambda c: talib.RSI(c["close"], 14),
    "atr": lambda c: talib.ATR(c["high"], c["low"], c["close"], 14),
    "bollinger": lambda c: talib.BBANDS(c["close"], 20, 2.0, 2.0),
    "macd": lambda c: talib.MACD(c["close"], 12, 26, 9),
    "adx": lambda c: talib.ADX(c["high"], c["low"], c["close"], 14),
    "donchian": lambda c: talib.DONCHIAN(c["high"], c["low"], 20),
}


def candles() -> dict[str, Any]:
    """Return seeded candles in ticks."""
    dice = np.random.default_rng(3)
    close = np.round(50_000 + np.cumsum(dice.normal(0.0, 20.0, COUNT)))
    high, low = close + np.round(dice.uniform(0, 30, COUNT)), close - np.round(dice.uniform(0, 30, COUNT))
    return {"open": close, "high": high, "low": low, "close": close, "volume": dice.uniform(1, 9, COUNT)}


def walker(kind: IndicatorKind) -> Callable[..., float]:
    """Return a loop of a kind's step over its columns, at its defaults."""
    names = [f"column_{index}" for index in range(len(kind.inputs))]
    given = ", ".join([*map(repr, kind.defaults), *(f"{name}[index]" for name in names)])
    last = "" if len(kind.outputs) == 1 else "[0]"
    text = (
        f"def walk(memory, {', '.join(names)}):\n    total = 0.0\n"
        f"    for index in range(len({names[0]})):\n"
        f"        total += step(memory, 0, {given}){last}\n    return total\n"
    )
    scope: dict[str, Any] = {"step": kind.step}
    exec(text, scope)  # noqa: S102  # what was just written
    return scope["walk"]  # type: ignore[no-any-return]


def seconds(call: Callable[[], Any]) -> float:
    """Return the least processor time of five calls."""
    times = []
    for _ in range(5):
        began = process_time()
        call()
        times.append(process_time() - began)
    return min(times)


def fresh(walk: Callable[..., float], size: int, inputs: list[list[float]]) -> None:
    """Walk once in plain Python, in a memory of its own."""
    walk([0.0] * size, *inputs)


def main() -> None:
    """Measure and print."""
    import numba  # noqa: PLC0415  # half a second

    register()
    columns = candles()
    print(f"| {'indicator':<10} | Python, us a call | machine code, ns | TA-Lib, ns a value | ratio |")
    print("| --- | ---: | ---: | ---: | ---: |")
    njit: Any = numba.njit
    for name, beside in BESIDE.items():
        kind = INDICATORS[name]
        inputs = [columns[DEFAULTS.get(each, each)] for each in kind.inputs]
        walk = walker(kind)
        code = njit(nogil=True, _nrt=False, no_cfunc_wrapper=True, error_model="numpy")(walk)
        size = kind.size(*kind.defaults)
        code(np.zeros(size), *(each[:10] for each in inputs))
        lists = [each[:PLAIN].tolist() for each in inputs]
        plain = seconds(partial(fresh, walk, size, lists)) / PLAIN
        ours = seconds(partial(code, np.zeros(size), *inputs)) / COUNT
        theirs = seconds(partial(beside, columns)) / COUNT
        print(f"| {name} | {plain * 1e6:.2f} | {ours * 1e9:.1f} | {theirs * 1e9:.1f} | {ours / theirs:.1f} |")


if __name__ == "__main__":
    main()
