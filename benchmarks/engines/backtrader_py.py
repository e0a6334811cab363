"""backtrader: an object per line, order and trade, every one through Python; fills at the next open."""

import backtrader as bt
import common
import pandas as pd

m, kind, passes = common.asked()
frame = pd.DataFrame(
    {name: m[name] for name in ("open", "high", "low", "close", "volume")},
    index=pd.to_datetime(m["time"], unit="ms"),
)


class Crossing(bt.Strategy):
    """Buys one unit on an entry, closes on an exit."""

    def __init__(self):
        """Make the indicators."""
        self.rows, self.entry = [], None
        if kind == "rsi":
            self.line = bt.indicators.RSI_Safe(self.data.close, period=14)
        else:
            fast = bt.indicators.SMA(self.data.close, period=20)
            self.line = fast - bt.indicators.SMA(self.data.close, period=50)
        self.low, self.high = (30, 70) if kind == "rsi" else (0, 0)

    def next(self):
        """Act on the candle that just closed."""
        if len(self) <= common.START:
            return
        before, now = self.line[-1], self.line[0]
        below, above = before >= self.low > now, before <= self.high < now
        enter, leave = (below, above) if kind == "rsi" else (above, below)
        if enter and not self.position:
            self.buy(size=1)
        elif leave and self.position:
            self.close()

    def notify_order(self, order):
        """Keep the fills."""
        if order.status == order.Completed:
            fill = (len(self) - 1, order.executed.price)
            if order.isbuy():
                self.entry = fill
            else:
                self.rows.append((*self.entry, *fill))


def work():
    """Run once."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasData(dataname=frame, timeframe=bt.TimeFrame.Minutes))
    cerebro.addstrategy(Crossing)
    cerebro.broker.setcash(common.CASH)
    cerebro.broker.setcommission(commission=common.FEE)
    (strategy,) = cerebro.run()
    return strategy.rows, cerebro.broker.getvalue()


first, best, (rows, value) = common.timed(work, passes)
common.tell("backtrader", (first, best), rows, equity=value)
