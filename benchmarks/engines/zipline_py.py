"""zipline-reloaded: minute bars of a bundle through its event loop, blotter and a Python algorithm; own RSI and SMA.

A market order sent in handle_data fills at the close of the next bar. Signals come as arrays worked out before.
"""

import os
import tempfile
import warnings

os.environ["ZIPLINE_ROOT"] = tempfile.mkdtemp(prefix="zipline-")
warnings.filterwarnings("ignore")
import common  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from zipline import run_algorithm  # noqa: E402
from zipline.api import order, set_commission, set_slippage, symbol  # noqa: E402
from zipline.data.bundles import ingest, register  # noqa: E402
from zipline.finance.commission import PerDollar  # noqa: E402
from zipline.finance.slippage import FixedSlippage  # noqa: E402
from zipline.utils.calendar_utils import get_calendar  # noqa: E402

m, kind, passes = common.asked()
days = len(m["close"]) // 1440  # a session is a whole day: what is left of the last one is not traded
times = pd.to_datetime(m["time"], unit="ms", utc=True)
calendar = get_calendar("24/7")
sessions = times[: days * 1440 : 1440].tz_localize(None)


def fill(_environ, asset_db_writer, minute_bar_writer, daily_bar_writer, adjustment_writer, *_more):
    """Write the market into zipline's own files."""
    columns = {name: m[name][: days * 1440] for name in ("open", "high", "low", "close", "volume")}
    frame = pd.DataFrame(columns, index=times[: days * 1440])
    closed = frame.set_axis(frame.index + pd.Timedelta(minutes=1))
    meta = {"symbol": ["BTC"], "asset_name": ["BTC"], "exchange": ["SIM"]}
    # On its day of automatic closing, or the day before, zipline sells what is held.
    never = sessions[-1] + pd.Timedelta(days=9)
    dated = {"start_date": [sessions[0]], "end_date": [sessions[-1]], "auto_close_date": [never]}
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    daily = frame.resample("1D").agg(rules)
    daily.index = daily.index.tz_localize(None)
    asset_db_writer.write(
        equities=pd.DataFrame({**meta, **dated}),
        exchanges=pd.DataFrame({"exchange": ["SIM"], "canonical_name": ["SIM"], "country_code": ["US"]}),
    )
    minute_bar_writer.write([(0, closed)], show_progress=False)
    daily_bar_writer.write([(0, daily)], show_progress=False)
    adjustment_writer.write()


def line():
    """Return Wilder's RSI, or how far the fast mean stands above the slow one."""
    close = pd.Series(m["close"])
    if kind != "rsi":
        return (close.rolling(20).mean() - close.rolling(50).mean()).to_numpy()
    change = close.diff()
    up = change.clip(lower=0).ewm(alpha=1 / 14, min_periods=14).mean()
    down = (-change).clip(lower=0).ewm(alpha=1 / 14, min_periods=14).mean()
    return (100 * up / (up + down)).to_numpy()


def work():
    """Run once; the files are there before."""
    enter, leave = common.crossings(kind, line())
    state = {"at": 0, "held": False}

    def initialize(context):
        context.asset = symbol("BTC")
        set_commission(PerDollar(common.FEE))
        set_slippage(FixedSlippage(0.0))

    def handle_data(context, _data):
        at, state["at"] = state["at"], state["at"] + 1
        if enter[at] and not state["held"]:
            state["held"] = order(context.asset, 1) is not None
        elif leave[at] and state["held"]:
            order(context.asset, -1)
            state["held"] = False

    return run_algorithm(
        start=sessions[0], end=sessions[-1], initialize=initialize, handle_data=handle_data,
        capital_base=common.CASH, data_frequency="minute", bundle="made", trading_calendar=calendar,
        benchmark_returns=pd.Series(0.0, index=sessions),
    )  # fmt: skip


register(
    "made",
    fill,
    calendar_name="24/7",
    start_session=sessions[0],
    end_session=sessions[-1],
    minutes_per_day=1440,
)
ingest("made", show_progress=False)
first, best, report = common.timed(work, passes)
fills = [each for day in report["transactions"] for each in day]
rows, bought = [], None
for each in fills:
    # Its clock and its files call a minute by its end.
    fill_of = (common.index(pd.Timestamp(each["dt"]).value // 1_000_000) - 1, float(each["price"]))
    if each["amount"] > 0:
        bought = fill_of
    else:
        rows.append((*bought, *fill_of))
last = days * 1440 - 1
equity = float(report["portfolio_value"].iloc[-1])
if bought is not None and len(fills) % 2:
    equity += float(np.float64(m["close"][-1]) - m["close"][last])
common.tell("zipline-reloaded", (first, best), rows, equity=equity)
