"""vectorbt: signals as arrays, one compiled pass over them; the next open by moving signals one candle.

A fourth argument names its engine, numba or rust. The index stays whole numbers: a time zone costs 25x.
"""

import sys
import warnings

warnings.filterwarnings("ignore")
import common  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import vectorbt as vbt  # noqa: E402

m, kind, passes = common.asked()
engine = sys.argv[4]
vbt.settings["engine"] = engine
close, opened = pd.Series(m["close"]), pd.Series(m["open"])


def moved(flags):
    """Return a signal moved to the next candle."""
    out = np.roll(flags, 1, axis=0)
    out[0] = False
    return out


def traded(prices, line):
    """Trade one unit at the open after each crossing."""
    enter, leave = common.crossings("rsi" if kind == "rsi" else "sma", line)
    return vbt.Portfolio.from_signals(
        prices, moved(enter), moved(leave), size=1, fees=common.FEE, init_cash=common.CASH, engine=engine
    )


def work():
    """Run once. An exponential mean of span 27 is Wilder's of 14."""
    if kind == "rsi":
        line = vbt.RSI.run(close, window=27, ewm=True).rsi.to_numpy()
    else:
        line = vbt.MA.run(close, 20).ma.to_numpy() - vbt.MA.run(close, 50).ma.to_numpy()
    portfolio = traded(opened, line)
    return portfolio, portfolio.total_return()


def sweep():
    """Run all pairs in one call."""
    fast = vbt.MA.run(close, [pair[0] for pair in common.pairs()], short_name="fast").ma.to_numpy()
    slow = vbt.MA.run(close, [pair[1] for pair in common.pairs()], short_name="slow").ma.to_numpy()
    wide = pd.DataFrame(np.broadcast_to(m["open"][:, None], fast.shape))
    portfolio = traded(wide, fast - slow)
    return portfolio, portfolio.total_return()


first, best, (portfolio, _) = common.timed(sweep, 2) if kind == "sweep" else common.timed(work, passes)
package = "vectorbt-rust" if engine == "rust" else "vectorbt"
if kind == "sweep":
    closed = int(portfolio.trades.closed.count().sum())
    common.tell(package, (first, best), pairs=len(common.pairs()), trades_in_all=closed)
else:
    records = portfolio.trades.closed.records
    rows = records[["entry_idx", "entry_price", "exit_idx", "exit_price"]].to_numpy()
    held = float(portfolio.assets().iloc[-1])
    equity = float(portfolio.cash().iloc[-1]) + held * float(m["close"][-1])
    common.tell(package, (first, best), rows, equity=equity)
