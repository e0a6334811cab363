"""backtesting.py: its indicators are precomputed arrays, its loop is Python, one order object a fill."""

import sys
import warnings

import backtesting
import common
import pandas as pd
from backtesting import Backtest, Strategy

warnings.filterwarnings("ignore")
path, kind, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
m = common.market(path)
frame = pd.DataFrame(
    {"Open": m["open"], "High": m["high"], "Low": m["low"], "Close": m["close"], "Volume": m["volume"]},
    index=pd.to_datetime(m["time"], unit="ms"),
)


ENTER, LEAVE = (each.astype(float) for each in common.signals(kind, m["close"]))


class Crossing(Strategy):
    """Buys one unit on an entry, closes on an exit; orders fill at the next open."""

    def init(self):
        """Take the signals, worked out before the clock runs."""
        self.enter = self.I(lambda: ENTER, plot=False)
        self.leave = self.I(lambda: LEAVE, plot=False)

    def next(self):
        """Act on the candle that just closed."""
        if self.position:
            if self.leave[-1]:
                self.position.close()
        elif self.enter[-1]:
            self.buy(size=1)


def work():
    """Run once."""
    return Backtest(frame, Crossing, cash=1_000_000, commission=common.FEE, finalize_trades=False).run()


first, best, stats = common.timed(work, passes)
common.tell(
    engine="backtesting.py", version=backtesting.__version__, first=first, seconds=best,
    trades=int(stats["# Trades"]), equity=float(stats["Equity Final [$]"]),
)  # fmt: skip
