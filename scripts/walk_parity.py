"""A walk of the promise that a backtest is the loop: every strategy, indicator and exit on every shared file.

    python -m scripts.walk_parity --candles 600 --seed 7

Of each file of candles in the shared data a slice at a place drawn by the seed is run twice for each
strategy, by the loop and by the backtest, and everything both did is compared to the bit: trades, vetoes,
equity, cash. The strategies are those that are built in, the example, one for each indicator of the library,
and one for each exit and addition that can be declared. `--machine` holds machine code beside, of those that
are built in. Exit code 1 where a pair differs.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.settings.given import Settings
from agent.settings.user_strategies import load_folder
from agent.verify.parity import compare, run_loop
from agent.wiring.backtests import options_for, setup_of
from domain.times import HOUR_MS
from reasoning.declare import Declared
from reasoning.indicators.kind import IndicatorKind
from reasoning.indicators.table import INDICATORS
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.data.load import load
from research.engine.backtest import backtest
from research.engine.compiler import compiled, plain
from tests.research.adding import ByFall, ByRise
from tests.research.leaving import LEAVING
from tests.shared import ROOT, data_folder

RISK: dict[str, Any] = {
    "daily_loss": 100_000, "max_trades_per_day": 1000, "cool_down_minutes": 0, "loss_streak_paper": 1000,
    "min_confidence": 40, "per_trade_loss": 50, "max_positions": 3, "total_exposure": "0.9",
}  # fmt: skip  # limits so wide that much is traded
ABOVE = {"by-leave-above"}
"""Those that read candles of four hours, which a day does not divide."""
LONGEST_WARMUP = 1_000
WRITTEN = '''"""The {name} indicator, asked in the plainest way."""

from typing import Any

from reasoning.declare import Declared, Numbers, buy, sell
from reasoning.declare import {name}


class Walked(Declared):
    """Buy while its numbers rise together, sell while they fall."""

    name = "walk-{words}"
    line = {name}()

    def decide(self, now: Numbers, last: Numbers) -> Any:
        """Compare this candle's numbers with the last's."""
        if {now} > {last}:
            return buy(confidence=90, stop_ppm=30_000)
        if {now} < {last}:
            return sell(confidence=90)
        return None
'''


def main() -> None:
    """Walk, report and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candles", type=int, default=600, help="of each file, behind a warm-up")
    parser.add_argument("--seed", type=int, default=7, help="of the places in the files")
    parser.add_argument("--only", default="", help="files whose name holds this")
    parser.add_argument("--machine", action="store_true", help="hold machine code beside, for built-in ones")
    asked = parser.parse_args()
    built_in = sorted(STRATEGIES)
    _registered()
    count: Counter[str] = Counter()
    wrong = []
    for name, candles in _slices(asked.candles, asked.seed, asked.only):
        for strategy in sorted(STRATEGIES.keys() - (ABOVE if candles.timeframe_ms > HOUR_MS else set())):
            machine = asked.machine and strategy in built_in
            difference = _difference(candles, asked.candles, strategy, count, machine=machine)
            if difference is not None:
                wrong.append(f"DIFFERS    {name} {strategy}: {difference}")
        print(f"{name}: {count['runs']} runs, {count['trades']} trades, {count['vetoes']} vetoes", flush=True)
    print("\n".join(wrong) or f"agree      {count['runs']} runs of {len(STRATEGIES)} strategies, to the bit")
    sys.exit(bool(wrong) or not count["trades"])


def _registered() -> None:
    """Have every strategy of the walk among those that may speak. Raises ValueError for one that is none."""
    own: tuple[type[Declared], ...] = (*LEAVING, ByFall, ByRise)
    for each in own:
        STRATEGIES[each.strategy.name] = each.strategy
    with tempfile.TemporaryDirectory() as folder:
        for kind in INDICATORS.values():
            (Path(folder) / f"walk_{kind.name}.py").write_text(_text(kind))
        example = ROOT / "examples" / "three_falls.py"
        (Path(folder) / example.name).write_text(example.read_text())
        problems = load_folder(Path(folder))
    if problems:
        raise ValueError(problems)


def _text(kind: IndicatorKind) -> str:
    fields = [f".{each}" for each in kind.outputs] if len(kind.outputs) > 1 else [""]
    now, last = (" + ".join(f"{candle}.line{field}" for field in fields) for candle in ("now", "last"))
    return WRITTEN.format(name=kind.name, words=kind.name.replace("_", "-"), now=now, last=last)


def _slices(count: int, seed: int, only: str) -> Iterator[tuple[str, Candles]]:
    chance = random.Random(seed)
    for file in sorted(data_folder().glob("*/1?/*.csv.gz")):
        candles = load(file)
        start = chance.randrange(max(1, len(candles) - LONGEST_WARMUP - count))
        if only in file.name:
            yield f"{file.name} from {start}", candles[start : start + LONGEST_WARMUP + count]


def _difference(candles: Candles, asked: int, strategy: str, count: Counter[str], *, machine: bool) -> object:
    settings = Settings(reasoning={"strategies": (strategy,)}, risk=RISK)
    options = options_for(settings, [candles])
    setup = setup_of(options)
    candles = candles[: setup.warmup + asked]
    result = backtest([candles], setup, plain())
    count += Counter(runs=1, trades=len(result.trades), vetoes=len(result.vetoes))
    difference = compare(run_loop(options, [candles]), result)
    if difference is None and machine:
        other = backtest([candles], setup, compiled())
        pairs = ((getattr(result, each), getattr(other, each)) for each in ("trades", "vetoes", "equity"))
        if any(one.tolist() != two.tolist() for one, two in pairs):
            return "machine code and plain Python differ"
    return difference


if __name__ == "__main__":
    main()
