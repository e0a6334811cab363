"""This project's backtest with every rule of the loop, its limits wide open, to trade like the others."""

import sys
import time
from dataclasses import replace
from decimal import Decimal

import common

from agent.backtesting import options_for, setup_of
from agent.settings import Settings
from reasoning.sma import SMA, SmaParams
from research.backtest import Voice, run
from research.candles import Candles
from research.compiler import compiled, plain
from research.lean import Bench
from research.recording import Recording

OPEN = {
    "daily_loss": 10_000_000, "max_drawdown": 1, "class_drawdown": 1, "per_trade_loss": 10_000_000,
    "max_positions": 1, "cool_down_minutes": 0, "max_trades_per_day": 1_000_000, "total_exposure": 1,
    "concentration": 1, "min_confidence": 0, "min_reward_risk": 0, "loss_streak_paper": 1_000_000,
}  # fmt: skip  # as wide as they go


def settings(kind, *, limits):
    """Return settings: costs as the other engines', one unit a trade, a stop out of the way."""
    return Settings(
        mode="paper",
        reasoning={
            "strategies": (kind,),
            "vote_threshold": 1,
            kind: {"stop_ppm": 900_000},
        },
        risk=limits,
        sizing={"method": "fixed", "fixed_quantity": Decimal(1)},
        paper={"cash": 1_000_000, "taker_fee": "0.001", "slippage": 0, "spread": 0},
        learning={"enabled": False},
        perception={"warmup_candles": 64},
    )


DEFAULT = Settings(reasoning={"strategies": ("rsi",)})


def main():
    """Measure what was asked for."""
    path, kind, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
    columns = [common.market(path)[name] for name in ("time", "open", "high", "low", "close", "volume")]
    candles = [Candles("BTC-USDT", 60_000, *columns)]
    if kind == "sweep":
        return sweep(candles, passes)
    engine = plain() if kind.endswith("-plain") else compiled()
    wide = settings(kind.split("-")[0], limits=OPEN)
    options = options_for(DEFAULT if "default" in kind else wide, candles)
    setup = setup_of(options)

    def prepare():
        made = Recording(candles, setup.instruments, setup.warmup, engine)
        return made, made.series, made.columns, made.market

    begin = time.perf_counter()
    made = prepare()[0]
    run(made, candles, setup)
    cold = time.perf_counter() - begin
    _, ready, _ = common.timed(prepare, 1 if kind.endswith("-plain") else 5)
    first, best, result = common.timed(lambda: run(made, candles, setup), passes)
    common.tell(
        engine=f"boyd {kind}", version="0.1.0", first=max(cold, first), seconds=best, prepare=ready,
        trades=len(result.trades), equity=float(result.equity[-1]) / 1e8, vetoes=len(result.vetoes),
    )  # fmt: skip
    return None


def sweep(candles, passes):
    """Run 400 pairs of means over one recording, every rule of the loop in each, on one core."""
    options = options_for(settings("sma", limits=OPEN), candles)
    setup = replace(setup_of(options), warmup=200)
    bench = Bench(candles, setup, machine=True)
    pairs = [(fast, slow) for fast in range(5, 25) for slow in range(30, 130, 5)]
    voices = [Voice(SMA, SmaParams(fast=fast, slow=slow, stop_ppm=900_000).packed()) for fast, slow in pairs]
    first, best, found = common.timed(lambda: [bench.score((voice,)) for voice in voices], passes)
    common.tell(engine="boyd sweep", version="0.1.0", first=first, seconds=best, pairs=len(found))


if __name__ == "__main__":
    main()
