"""freqtrade: its Backtesting class over a data frame; indicators with TA-Lib, signals as columns.

The exchange object is the real one, offline: its one market is written into it here.
"""

import copy
import datetime as dt
import logging
import tempfile
import warnings
from pathlib import Path

import common
import pandas as pd

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")
from freqtrade.enums import RunMode  # noqa: E402
from freqtrade.optimize.backtesting import Backtesting  # noqa: E402
from freqtrade.resolvers import ExchangeResolver  # noqa: E402

_, kind, passes = common.asked()
markets = common.markets()
m = markets[0]
PAIRS = ["BTC/USDT", "ETH/USDT", "LTC/USDT", "XRP/USDT"][: len(markets)]
STRATEGY = """
import common
import talib.abstract as ta
from freqtrade.strategy import IStrategy, merge_informative_pair


class Crossing(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {}
    stoploss = -0.99
    use_exit_signal = True
    process_only_new_candles = True
    startup_candle_count = 0
    kind = "rsi"

    def populate_indicators(self, frame, metadata):
        if self.kind == "rsi":
            frame["line"] = ta.RSI(frame, timeperiod=14)
        else:
            frame["line"] = ta.SMA(frame, timeperiod=20) - ta.SMA(frame, timeperiod=50)
        if self.kind == "trend":
            # What @informative does, but for reading the longer candles from a file.
            rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
            longer = frame.resample("4h", on="date").agg(rules).reset_index()
            longer["rising"] = (longer["close"] > ta.SMA(longer, timeperiod=20)).astype(float)
            frame = merge_informative_pair(frame, longer, "1m", "4h", ffill=True)
        return frame

    def populate_entry_trend(self, frame, metadata):
        frame["enter_long"] = common.crossings(self.kind, frame["line"].to_numpy())[0].astype(int)
        if self.kind == "trend":
            frame["enter_long"] *= (frame["rising_4h"] > 0).astype(int)
        return frame

    def populate_exit_trend(self, frame, metadata):
        frame["exit_long"] = common.crossings(self.kind, frame["line"].to_numpy())[1].astype(int)
        return frame

    def custom_stake_amount(self, pair, current_time, current_rate, **more):
        return current_rate
"""
home = Path(tempfile.mkdtemp())
(home / "crossing.py").write_text(STRATEGY.replace('kind = "rsi"', f'kind = "{kind}"', 1))
config = {
    "runmode": RunMode.BACKTEST, "strategy": "Crossing", "strategy_path": str(home), "user_data_dir": home,
    "datadir": home, "timeframe": "1m", "stake_currency": "USDT", "stake_amount": "unlimited",
    "dry_run_wallet": common.CASH, "dry_run": True, "max_open_trades": len(PAIRS), "fee": common.FEE,
    "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": PAIRS, "pair_blacklist": []},
    "pairlists": [{"method": "StaticPairList", "allow_inactive": True}], "entry_pricing": {}, "exit_pricing": {},
    "candle_type_def": "spot", "trading_mode": "spot", "margin_mode": "", "export": "none",
    "exportfilename": None, "dataformat_ohlcv": "feather", "dataformat_trades": "feather",
    "tradable_balance_ratio": 1.0, "last_stake_amount_min_ratio": 0.5, "internals": {}, "original_config": {},
}  # fmt: skip


def market(pair):
    """Return a pair as its exchange would tell it."""
    base = pair.partition("/")[0]
    return {
        "id": f"{base}USDT", "symbol": pair, "base": base, "quote": "USDT", "active": True, "spot": True,
        "swap": False, "type": "spot", "contract": False, "linear": None, "contractSize": None, "taker": 0.001,
        "maker": 0.001, "precision": {"amount": 0.00001, "price": 0.01},
        "limits": {"amount": {"min": 0.00001, "max": None}, "cost": {"min": None, "max": None}, "leverage": {}},
        "info": {},
    }  # fmt: skip


def frame_of(m):
    """Return candles as freqtrade has them."""
    columns = {name: m[name] for name in ("open", "high", "low", "close", "volume")}
    return pd.DataFrame({"date": pd.to_datetime(m["time"], unit="ms", utc=True)} | columns)


frames = {pair: frame_of(each) for pair, each in zip(PAIRS, markets, strict=True)}


def made():
    """Return a backtest with an exchange that needs no network."""
    mine = copy.deepcopy(config)
    exchange = ExchangeResolver.load_exchange(mine, validate=False)
    exchange._markets = {pair: market(pair) for pair in PAIRS}
    exchange._last_markets_refresh = 10**15
    exchange.reload_markets = lambda *_, **__: None
    return Backtesting(mine, exchange)


def work():
    """Run once: indicators, signals, the loop."""
    test = made()
    strategy = test.strategylist[0]
    test._set_strategy(strategy)
    strategy.ft_bot_start()
    processed = strategy.advise_all_indicators({pair: each.copy() for pair, each in frames.items()})
    first, last = (dt.datetime.fromtimestamp(m["time"][at] / 1000, tz=dt.timezone.utc) for at in (0, -1))
    return test.backtest(processed=processed, start_date=first, end_date=last)


first, best, told = common.timed(work, passes)
results = told["results"]
rows = {pair: [] for pair in PAIRS}
for each in results.sort_values("open_date").itertuples():
    rows[each.pair].append((
        common.index(each.open_date.timestamp() * 1000), each.open_rate,
        common.index(each.close_date.timestamp() * 1000), each.close_rate,
    ))  # fmt: skip
equity = float(told["final_balance"])
if kind == "basket":
    common.tell_basket("freqtrade", (first, best), rows.values(), equity=equity)
else:
    common.tell("freqtrade", (first, best), rows["BTC/USDT"], equity=equity)
