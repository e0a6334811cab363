"""backtrader: an object per candle line, order, trade and observer; a broker that fills at the next open."""

import sys

import backtrader as bt
import common
import pandas as pd

path, kind, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
m = common.market(path)
frame = pd.DataFrame(
    {name: m[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(m["time"], unit="ms"),
)
ENTER, LEAVE = common.signals(kind, m["close"])


class Crossing(bt.Strategy):
    """Buys one unit on an entry, closes on an exit."""

    def __init__(self):
        """Count trades."""
        self.closed = 0
        self.place = -1

    def next(self):
        """Act on the candle that just closed."""
        self.place += 1
        if self.position:
            if LEAVE[self.place]:
                self.close()
        elif ENTER[self.place]:
            self.buy(size=1)

    def notify_trade(self, trade):
        """Count a closed trade."""
        self.closed += trade.isclosed


def work():
    """Run once."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
    cerebro.addstrategy(Crossing)
    cerebro.broker.setcash(1_000_000)
    cerebro.broker.setcommission(commission=common.FEE)
    (strategy,) = cerebro.run()
    return strategy.closed, cerebro.broker.getvalue()


first, best, (closed, value) = common.timed(work, passes)
common.tell(
    engine="backtrader", version=bt.__version__, first=first, seconds=best, trades=closed, equity=value
)
