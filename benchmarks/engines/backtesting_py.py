"""backtesting.py: indicators as arrays worked out before, then a Python loop with orders and trades."""

import warnings

import common
import pandas as pd
from backtesting import Backtest, Strategy
from backtesting.lib import resample_apply

warnings.filterwarnings("ignore")
m, kind, passes = common.asked()
frame = pd.DataFrame(
    {"Open": m["open"], "High": m["high"], "Low": m["low"], "Close": m["close"], "Volume": m["volume"]},
    index=pd.to_datetime(m["time"], unit="ms"),
)


def rsi(close, n):
    """Return Wilder's RSI by exponential means."""
    change = pd.Series(close).diff()
    up = change.clip(lower=0).ewm(alpha=1 / n, min_periods=n).mean()
    down = (-change).clip(lower=0).ewm(alpha=1 / n, min_periods=n).mean()
    return 100 * up / (up + down)


def apart(close, fast, slow):
    """Return how far the fast mean stands above the slow one."""
    close = pd.Series(close)
    return close.rolling(fast).mean() - close.rolling(slow).mean()


def crossing(close, *numbers):
    """Return 1 where to buy, -1 where to close, else 0."""
    line = rsi(close, *numbers) if kind == "rsi" else apart(close, *numbers)
    enter, leave = common.crossings("sma" if kind == "sweep" else kind, line.to_numpy())
    return enter.astype(float) - leave


def rising(longer):
    """Return 1 where a longer close lies above the mean of twenty."""
    longer = pd.Series(longer)
    return (longer > longer.rolling(20).mean()).astype(float)


class Crossing(Strategy):
    """Buys one unit on an entry, closes on an exit; orders fill at the next open."""

    numbers = (14,) if kind == "rsi" else (20, 50)

    def init(self):
        """Work out the crossings as one array: one look at it a candle is the least a strategy can do."""
        self.cross = self.I(crossing, self.data.Close, *self.numbers, plot=False)
        self.rising = resample_apply("4h", rising, self.data.Close, plot=False) if kind == "trend" else None

    def next(self):
        """Act on the candle that just closed."""
        cross = self.cross[-1]
        if cross > 0:
            if not self.position and (kind != "trend" or self.rising[-1] > 0):
                self.buy(size=1)
        elif cross < 0 and self.position:
            self.position.close()


def work(**numbers):
    """Run once."""
    test = Backtest(frame, Crossing, cash=common.CASH, commission=common.FEE)
    return test.run(**numbers)


def some():
    """Run every twentieth pair of the sweep."""
    return [work(numbers=pair) for pair in common.pairs()[::20]]


if kind == "sweep":
    first, best, found = common.timed(some, 0)
    common.tell("backtesting", (first, best), pairs=len(found), note="20 of the 400 pairs, one process")
else:
    first, best, stats = common.timed(work, passes)
    rows = stats["_trades"][["EntryBar", "EntryPrice", "ExitBar", "ExitPrice"]].to_numpy()
    common.tell("backtesting", (first, best), rows, equity=float(stats["Equity Final [$]"]))
