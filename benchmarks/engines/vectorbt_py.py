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
several = common.markets()
if kind == "basket":
    close, opened = (
        pd.DataFrame({at: m[name] for at, m in enumerate(several)}) for name in ("close", "open")
    )
else:
    close, opened = pd.Series(m["close"]), pd.Series(m["open"])


def moved(flags):
    """Return a signal moved to the next candle."""
    out = np.roll(flags, 1, axis=0)
    out[0] = False
    return out


def traded(prices, line):
    """Trade one unit at the open after each crossing."""
    enter, leave = common.crossings("sma" if kind == "sweep" else kind, line)
    if kind == "trend":
        enter &= rising()
    more = {"group_by": True, "cash_sharing": True} if kind == "basket" else {}
    return vbt.Portfolio.from_signals(
        prices, moved(enter), moved(leave), size=1, fees=common.FEE, init_cash=common.CASH, engine=engine,
        **more,
    )  # fmt: skip


def rising():
    """Return where the last four hours that have closed lie above their mean: its own frames, by hand."""
    longer = close.iloc[239::240]
    above = (longer > vbt.MA.run(longer, 20).ma).to_numpy()
    return np.append(False, above)[np.arange(1, len(close) + 1) // 240]


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
elif kind == "basket":
    records = portfolio.trades.closed.records
    names = ["entry_idx", "entry_price", "exit_idx", "exit_price"]
    parts = [records.loc[records["col"] == at, names].to_numpy() for at in range(common.BASKET)]
    held = portfolio.assets().iloc[-1].to_numpy() @ close.iloc[-1].to_numpy()
    equity = float(portfolio.cash().iloc[-1]) + float(held)
    common.tell_basket(package, (first, best), parts, equity=equity)
else:
    records = portfolio.trades.closed.records
    rows = records[["entry_idx", "entry_price", "exit_idx", "exit_price"]].to_numpy()
    held = float(portfolio.assets().iloc[-1])
    equity = float(portfolio.cash().iloc[-1]) + held * float(m["close"][-1])
    common.tell(package, (first, best), rows, equity=equity)
