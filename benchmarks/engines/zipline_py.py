"""zipline-reloaded: minute bars of a bundle through its event loop, blotter and a Python algorithm.

A market order sent in handle_data fills at the close of the next bar. Signals come as arrays worked out before.
"""

import os
import tempfile
import warnings

os.environ["ZIPLINE_ROOT"] = tempfile.mkdtemp(prefix="zipline-")
warnings.filterwarnings("ignore")
import common  # noqa: E402
import pandas as pd  # noqa: E402
from zipline import run_algorithm  # noqa: E402
from zipline.api import order, set_commission, set_slippage, symbol  # noqa: E402
from zipline.data.bundles import ingest, register  # noqa: E402
from zipline.finance.commission import PerDollar  # noqa: E402
from zipline.finance.slippage import FixedSlippage  # noqa: E402
from zipline.utils.calendar_utils import get_calendar  # noqa: E402

_, kind, passes = common.asked()
markets = common.markets()
NAMES = ("BTC", "ETH", "LTC", "XRP")[: len(markets)]
m = markets[0]
days = len(m["close"]) // 1440  # a session is a whole day: what is left of the last one is not traded
times = pd.to_datetime(m["time"], unit="ms", utc=True)
calendar = get_calendar("24/7")
sessions = times[: days * 1440 : 1440].tz_localize(None)
RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def fill(_environ, asset_db_writer, minute_bar_writer, daily_bar_writer, adjustment_writer, *_more):
    """Write the markets into zipline's own files; a minute is called by its end there."""
    frames = [
        pd.DataFrame({name: each[name][: days * 1440] for name in RULES}, index=times[: days * 1440])
        for each in markets
    ]
    # On its day of automatic closing, or the day before, zipline sells what is held.
    never = sessions[-1] + pd.Timedelta(days=9)
    dated = {"start_date": sessions[0], "end_date": sessions[-1], "auto_close_date": never}
    rows = [{"symbol": name, "asset_name": name, "exchange": "SIM", **dated} for name in NAMES]
    asset_db_writer.write(
        equities=pd.DataFrame(rows),
        exchanges=pd.DataFrame({"exchange": ["SIM"], "canonical_name": ["SIM"], "country_code": ["US"]}),
    )
    closed = [each.set_axis(each.index + pd.Timedelta(minutes=1)) for each in frames]
    minute_bar_writer.write(list(enumerate(closed)), show_progress=False)
    daily = [each.resample("1D").agg(RULES) for each in frames]
    daily = [each.set_axis(each.index.tz_localize(None)) for each in daily]
    daily_bar_writer.write(list(enumerate(daily)), show_progress=False)
    adjustment_writer.write()


def line(m):
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
    crossings = [common.crossings(kind, line(each)) for each in markets]
    state = {"at": 0, "held": [False] * len(markets)}

    def initialize(context):
        context.assets = [symbol(name) for name in NAMES]
        set_commission(PerDollar(common.FEE))
        set_slippage(FixedSlippage(0.0))

    def handle_data(context, _data):
        at, state["at"] = state["at"], state["at"] + 1
        for place, (enter, leave) in enumerate(crossings):
            held = state["held"][place]
            if enter[at] and not held:
                state["held"][place] = order(context.assets[place], 1) is not None
            elif leave[at] and held:
                order(context.assets[place], -1)
                state["held"][place] = False

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
rows, bought = {name: [] for name in NAMES}, {}
for each in (one for day in report["transactions"] for one in day):
    name = each["sid"].symbol
    price_of = (common.index(pd.Timestamp(each["dt"]).value // 1_000_000) - 1, float(each["price"]))
    if each["amount"] > 0:
        bought[name] = price_of
    else:
        rows[name].append((*bought.pop(name), *price_of))
equity = float(report["portfolio_value"].iloc[-1])
if kind == "basket":
    common.tell_basket("zipline-reloaded", (first, best), rows.values(), equity=equity)
else:
    # What is held after the last whole day is worth what it is at the last candle.
    equity += sum(float(m["close"][-1] - m["close"][days * 1440 - 1]) for _ in bought)
    common.tell("zipline-reloaded", (first, best), rows["BTC"], equity=equity)
