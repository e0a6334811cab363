"""This project's own rows: `python -m benchmarks.peers.boyd DATA KIND PASSES`, one JSON line out.

Costs are the other engines' (0.1 % a side, no slippage or spread), one unit a trade. The gate judges
every entry; its limits are as wide as they go, or, in a kind that ends on `-default`, as shipped.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from agent.settings.given import Settings
from agent.settings.settings import Options
from agent.wiring.backtests import options_for, setup_of
from benchmarks.peers.market import (
    BASKET,
    BEGIN_MS,
    CASH,
    FIRST_SIGNAL,
    FIRST_TREND,
    MINUTE_MS,
    Column,
    pairs,
    read,
    symbols,
)
from benchmarks.peers.memory import sampled
from research.data.candles import Candles
from research.engine.backtest import Setup, backtest, memory_of, run
from research.engine.compiler import CompiledRules, compiled, plain
from research.engine.recording import Recording
from research.engine.result import Result

SYMBOL = "BTC-USDT"
WIDE: dict[str, Any] = {
    "daily_loss": 10_000_000, "max_drawdown": 1, "class_drawdown": 1, "per_trade_loss": 10_000_000,
    "max_positions": 1, "cool_down_minutes": 0, "max_trades_per_day": 1_000_000, "total_exposure": 1,
    "concentration": 1, "min_confidence": 0, "min_reward_risk": 0, "loss_streak_paper": 1_000_000,
}  # fmt: skip  # every rule is asked, none stands in the way
YEAR = 525_600
TREND = """
from reasoning.declare import Declared, buy, crossed_above, crossed_below, mean, sell, timeframe


class Trend(Declared):
    name = "trend"
    hour4 = timeframe("4h")
    trend = mean(20, on=hour4)
    quick, calm = mean(20), mean(50)

    def decide(self, now, last):
        if crossed_above(now.quick, now.calm) and now.hour4.close > now.trend:
            return buy(stop=now.close * 0.1, confidence=50)
        if crossed_below(now.quick, now.calm):
            return sell(confidence=50)
"""


def settings(kind: str, *, wide: bool, positions: int = 1) -> Options:
    """Return settings for a strategy; the stop lies 90 % away where limits are wide, for it has no off."""
    stop = {} if kind == "trend" else {kind: {"stop_ppm": 900_000}}
    return Settings(
        mode="paper",
        reasoning={"strategies": (kind,), "vote_threshold": 1, **stop} if wide else {"strategies": (kind,)},
        risk=WIDE | {"max_positions": positions} if wide else {},
        sizing={"method": "fixed", "fixed_quantity": Decimal(1)} if wide else {},
        paper={"cash": int(CASH), "taker_fee": "0.001", "slippage": 0, "spread": 0},
        learning={"enabled": False},
    )


def setup(kind: str, candles: Sequence[Candles]) -> Setup:
    """Return a backtest's numbers for a kind such as rsi, sma-default or rsi-plain."""
    name = kind.partition("-")[0]
    chosen = settings("sma" if name == "basket" else name, wide="default" not in kind, positions=len(candles))
    warmup = FIRST_TREND if name == "trend" else FIRST_SIGNAL
    return replace(setup_of(options_for(chosen, candles)), warmup=warmup)


def trend_known(folder: Path) -> None:
    """Load the strategy of two timeframes from a file of a user's own."""
    from agent.settings.user_strategies import load_file  # noqa: PLC0415  # this kind alone

    home = Path(tempfile.mkdtemp(dir=folder))
    path = home / "trend.py"
    path.write_text(TREND)
    path.chmod(0o600)
    load_file(path)


def series(path: Path, symbol: str = SYMBOL) -> Candles:
    """Return a market as candles."""
    return candles_of(read(path), symbol)


def candles_of(m: dict[str, Column], symbol: str) -> Candles:
    """Return columns as candles."""
    time_ms = m["time"].astype(np.int64)
    return Candles(symbol, MINUTE_MS, time_ms, m["open"], m["high"], m["low"], m["close"], m["volume"])


def timed(work: Callable[[], Any], passes: int) -> tuple[dict[str, float], Any]:
    """Return the seconds of the first pass and of the others, and the last result."""
    seconds = []
    for _ in range(passes + 1):
        begin = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begin)
    later = seconds[1:] or seconds
    return {"first": seconds[0], "seconds": min(later), "median": median(later)}, result


def replayed(path: Path, kind: str, passes: int) -> dict[str, Any]:
    """Time the replay alone, or with the candles' preparation, or uncompiled."""
    if kind.startswith("basket"):
        names = [f"C{place}-USDT" for place in range(BASKET)]
        candles = [candles_of(*each) for each in zip(symbols(read(path)), names, strict=True)]
    else:
        candles = [series(path)]
    if kind.startswith("trend"):
        trend_known(path.parent)
    engine: CompiledRules = plain() if "plain" in kind else compiled()
    asked = setup(kind, candles)
    if "prepared" in kind or "plain" in kind:
        told, result = timed(lambda: backtest(candles, asked, engine), 0 if "plain" in kind else passes)
    else:
        made = Recording(candles, asked.instruments, asked.warmup, engine)
        told, result = timed(lambda: asked_for(run(made, candles, asked), kind), passes)
    return {**told, **(outcome(result, candles[0]) if len(candles) == 1 else basket_outcome(result, candles))}


def asked_for(result: Result, kind: str) -> Result:
    """Return a result, its equity of every candle made in a kind that ends on `-equity`."""
    if kind.endswith("-equity"):
        len(result.equity)  # asking makes it
    return result


def ends_of(trades: Any) -> list[list[float]]:
    """Return the first and the last trade: candle and price of entry and exit."""
    return [
        [(int(each["opened_ms"]) - BEGIN_MS) // MINUTE_MS, int(each["bought"]) / 1e8,
         (int(each["closed_ms"]) - BEGIN_MS) // MINUTE_MS, int(each["sold"]) / 1e8]
        for each in trades[[0, -1] if len(trades) else []]
    ]  # fmt: skip


def basket_outcome(result: Result, candles: Sequence[Candles]) -> dict[str, Any]:
    """Return trades by symbol and the equity of the one account."""
    last = {each.symbol: float(each.close[-1]) for each in candles}
    parts = [result.trades[result.trades["symbol"] == place] for place in range(len(candles))]
    held = sum(last[each["symbol"]] for each in result.open_positions)
    told = [{"trades": len(each), "ends": ends_of(each)} for each in parts]
    return {"trades": len(result.trades), "symbols": told, "equity": result.cash / 1e8 + held}


def outcome(result: Result, candles: Candles) -> dict[str, Any]:
    """Return trades and equity as the other engines tell them: what is held counts at the last close."""
    rows = ends_of(result.trades)
    held = len(result.open_positions) * float(candles.close[-1])
    return {
        "trades": len(result.trades),
        "vetoes": len(result.vetoes),
        "ends": rows,
        "equity": result.cash / 1e8 + held,
    }


def compile_time(path: Path, _kind: str, _passes: int) -> dict[str, Any]:
    """Time the first backtest of a process, machine code and numba's import included."""
    candles = [series(path)]
    asked = setup("rsi", candles)
    told, _ = timed(lambda: backtest(candles, asked), 3)
    return told


def swept(path: Path, kind: str, _passes: int) -> dict[str, Any]:
    """Try 400 or 4,000 pairs with research.search.sweep, in one thread, then in two."""
    from reasoning.strategies.sma import SMA, SmaParams  # noqa: PLC0415  # this kind alone
    from research.search.executor_threads import One, Threads  # noqa: PLC0415
    from research.search.grid import trial_of  # noqa: PLC0415
    from research.search.sweep import job_of, sweep  # noqa: PLC0415

    candles = [series(path)]
    base = SmaParams(stop_ppm=900_000).model_dump()
    found = [
        trial_of(SMA, {**base, "fast": fast, "slow": slow})
        for fast, slow in pairs(200 if kind == "sweep-4000" else 20)
    ]
    trials = [each for each in found if each is not None]
    job = job_of(candles, setup("sma", candles), trials)
    alone, _ = timed(lambda: sweep(One(), job, trials), 3)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told, scores = timed(lambda: sweep(Threads(2), job, trials), 3)
    with sampled() as peak:  # apart: reading the map of its pages holds the sweep up by a quarter
        sweep(Threads(2), job, trials)
    trades = sum(int(scores.score(place).trades) for place in range(len(trials)))
    return {
        **told, "first": alone["first"], "pairs": len(trials), "trades_in_all": trades,
        "one_thread": alone["seconds"], "one_thread_mb": own, "rss_mb": peak.most,
    }  # fmt: skip


def catalogued(path: Path, _kind: str, passes: int) -> dict[str, Any]:
    """Time reading the candles from the catalogue's Parquet file."""
    from domain.times import utc  # noqa: PLC0415  # this kind alone
    from research.data.catalogue import Catalogue  # noqa: PLC0415

    candles = series(path)
    with tempfile.TemporaryDirectory() as home:
        catalogue = Catalogue(Path(home))
        catalogue.add(candles, "peers", utc(BEGIN_MS))
        told, _ = timed(lambda: catalogue.get(SYMBOL, MINUTE_MS), passes)
    return told


def remembered(path: Path, kind: str, _passes: int) -> dict[str, Any]:
    """Run RSI over symbols of the catalogue: ten of five years, or a hundred of one year in 200 MB.

    `prepare` is processor time from opening the catalogue to the result, `first` the same by the clock.
    """
    from research.data.catalogue import Catalogue  # noqa: PLC0415  # these kinds alone

    symbols, count, bound = (100, YEAR, 200) if kind == "memory-100" else (10, 5 * YEAR, None)
    names = [f"C{place:02}-USDT" for place in range(symbols)]
    with tempfile.TemporaryDirectory(dir=path.parent) as home:
        # By a process of its own, for this one's peak is what is measured.
        with ProcessPoolExecutor(1, get_context("spawn")) as other:
            other.submit(_kept, path, names, count, Path(home)).result()
        small = [each[:3_000] for each in [series(path)]]
        backtest(small, setup("rsi", small), compiled())
        begin, used = time.perf_counter(), time.process_time()
        catalogue = Catalogue(Path(home))
        candles = [catalogue.mapped(each, MINUTE_MS) for each in names]
        result = backtest(candles, setup("rsi", candles), compiled(), memory_of(bound))
        clock, prepare = time.perf_counter() - begin, time.process_time() - used
        rows = sum(map(len, candles))
    told = {"first": clock, "seconds": clock, "prepare": prepare, "trades": len(result.trades)}
    return {**told, "candles": rows, "candles_mb": 48 * rows / 1e6}


def _kept(path: Path, names: Sequence[str], count: int, home: Path) -> None:
    """Put so many candles of each symbol into a catalogue, all of the one market, and map them once."""
    from domain.times import utc  # noqa: PLC0415  # in a process of its own
    from research.data.catalogue import Catalogue  # noqa: PLC0415  # as above

    year, catalogue = series(path), Catalogue(home)
    times = BEGIN_MS + MINUTE_MS * np.arange(count, dtype=np.int64)
    columns = [np.resize(each, count) for each in (year.open, year.high, year.low, year.close, year.volume)]
    for place, name in enumerate(names):
        moved = (np.roll(each, 977 * place) for each in columns)
        catalogue.add(Candles(name, MINUTE_MS, times, *moved), "peers", utc(BEGIN_MS))
        catalogue.mapped(name, MINUTE_MS)


KINDS: dict[str, Callable[[Path, str, int], dict[str, Any]]] = {
    "compile": compile_time,
    "sweep": swept,
    "sweep-4000": swept,
    "catalogue": catalogued,
    "memory": remembered,
    "memory-100": remembered,
}


def main(path: Path, kind: str, passes: int) -> dict[str, Any]:
    """Measure one kind; memory is the process's peak unless the kind measured more."""
    told = KINDS.get(kind, replayed)(path, kind, passes)
    return {"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "version": "0.1.0", **told}


if __name__ == "__main__":
    print("FIGURES " + json.dumps(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
