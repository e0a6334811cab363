"""backtrader: an object per line, order and trade, every one through Python; fills at the next open."""

import backtrader as bt
import common
import pandas as pd

_, kind, passes = common.asked()
frames = [
    pd.DataFrame(
        {name: m[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.to_datetime(m["time"] + common.MINUTE_MS, unit="ms"),  # a candle is called by its end there
    )
    for m in common.markets()
]


class Crossing(bt.Strategy):
    """Buys one unit on an entry, closes on an exit; of each symbol of a basket."""

    def __init__(self):
        """Make the indicators; the longer candles of a trend are the last data."""
        self.traded = self.datas[: len(frames)]
        self.rows, self.entry = {each: [] for each in self.traded}, {}
        self.lines_of = {each: self.difference(each) for each in self.traded}
        if kind == "trend":
            longer = self.datas[-1]
            self.rising = longer.close > bt.indicators.SMA(longer.close, period=20)
        self.low, self.high = (30, 70) if kind == "rsi" else (0, 0)

    def difference(self, data):
        """Return the line whose crossings are traded."""
        if kind == "rsi":
            return bt.indicators.RSI_Safe(data.close, period=14)
        return bt.indicators.SMA(data.close, period=20) - bt.indicators.SMA(data.close, period=50)

    def next(self):
        """Act on the candle that just closed."""
        if len(self.data) <= common.first(kind):
            return
        for data, line in self.lines_of.items():
            before, now = line[-1], line[0]
            below, above = before >= self.low > now, before <= self.high < now
            enter, leave = (below, above) if kind == "rsi" else (above, below)
            held = self.getposition(data)
            if enter and not held and (kind != "trend" or self.rising[0]):
                self.buy(data=data, size=1)
            elif leave and held:
                self.close(data=data)

    def notify_order(self, order):
        """Keep the fills."""
        if order.status == order.Completed:
            fill = (len(self.data) - 1, order.executed.price)
            if order.isbuy():
                self.entry[order.data] = fill
            else:
                self.rows[order.data].append((*self.entry[order.data], *fill))


def work():
    """Run once."""
    cerebro = bt.Cerebro(stdstats=False)
    feeds = [bt.feeds.PandasData(dataname=each, timeframe=bt.TimeFrame.Minutes) for each in frames]
    for each in feeds:
        cerebro.adddata(each)
    if kind == "trend":
        cerebro.resampledata(feeds[0], timeframe=bt.TimeFrame.Minutes, compression=240)
    cerebro.addstrategy(Crossing)
    cerebro.broker.setcash(common.CASH)
    cerebro.broker.setcommission(commission=common.FEE)
    (strategy,) = cerebro.run()
    return list(strategy.rows.values()), cerebro.broker.getvalue()


first, best, (rows, value) = common.timed(work, passes)
if kind == "basket":
    common.tell_basket("backtrader", (first, best), rows, equity=value)
else:
    common.tell("backtrader", (first, best), rows[0], equity=value)
