"""vectorbt: signals as arrays, one compiled pass over them; next open by shifting signals one candle."""

import sys
import warnings

warnings.filterwarnings("ignore")
import common  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import vectorbt as vbt  # noqa: E402

path, kind, passes = sys.argv[1], sys.argv[2], int(sys.argv[3])
m = common.market(path)
close, opened = pd.Series(m["close"]), pd.Series(m["open"])


def shifted(array):
    """Return a signal moved to the next candle."""
    out = np.roll(array, 1)
    out[0] = False
    return out


def work():
    """Run once, its own RSI or means included."""
    if kind == "rsi":
        now = vbt.RSI.run(close, window=14, ewm=True).rsi.to_numpy()
        before = np.roll(now, 1)
        enter, leave = (before >= 30) & (now < 30), (before <= 70) & (now > 70)
    else:
        now = vbt.MA.run(close, 20).ma.to_numpy() - vbt.MA.run(close, 50).ma.to_numpy()
        before = np.roll(now, 1)
        enter, leave = (before <= 0) & (now > 0), (before >= 0) & (now < 0)
    enter[: common.START] = leave[: common.START] = False
    return vbt.Portfolio.from_signals(
        opened, shifted(enter), shifted(leave), size=1, fees=common.FEE, init_cash=1_000_000
    )


def exact():
    """Run on the common signals: what its fills come to when the indicator is the same."""
    enter, leave = common.signals(kind, m["close"])
    return vbt.Portfolio.from_signals(
        opened, shifted(enter), shifted(leave), size=1, fees=common.FEE, init_cash=1_000_000
    )


def sweep():
    """Run 400 pairs of means in one call: 20 fast by 20 slow."""
    pairs = [(fast, slow) for fast in range(5, 25) for slow in range(30, 130, 5)]
    fast = vbt.MA.run(close, [pair[0] for pair in pairs], short_name="fast").ma.to_numpy()
    slow = vbt.MA.run(close, [pair[1] for pair in pairs], short_name="slow").ma.to_numpy()
    apart = fast - slow
    before = np.roll(apart, 1, axis=0)
    enter, leave = (before <= 0) & (apart > 0), (before >= 0) & (apart < 0)
    enter[: common.START] = leave[: common.START] = False
    enter, leave = np.roll(enter, 1, axis=0), np.roll(leave, 1, axis=0)
    wide = pd.DataFrame(np.broadcast_to(m["open"][:, None], enter.shape))
    portfolio = vbt.Portfolio.from_signals(wide, enter, leave, size=1, fees=common.FEE, init_cash=1_000_000)
    return portfolio.total_return()


if kind == "sweep":
    first, best, returns = common.timed(sweep, passes)
    common.tell(engine="vectorbt", version=vbt.__version__, first=first, seconds=best, pairs=len(returns))
    sys.exit()
first, best, portfolio = common.timed(work, passes)
same = exact()
common.tell(
    engine="vectorbt", version=vbt.__version__, first=first, seconds=best,
    trades=int(same.trades.closed.count()), equity=float(same.value().iloc[-1]),
    own_trades=int(portfolio.trades.closed.count()),
)  # fmt: skip
