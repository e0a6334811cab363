"""Jesse: its research backtest, a Python loop with orders, positions and a simulated exchange."""

import common
import jesse.indicators as ta
import numpy as np
from jesse import research
from jesse.strategies import Strategy

_, kind, passes = common.asked()
EXCHANGE = "Binance Perpetual Futures"
SYMBOLS = ("BTC-USDT", "ETH-USDT", "LTC-USDT", "XRP-USDT")
NAMES = ("time", "open", "close", "high", "low", "volume")
candles = {
    symbol: np.column_stack([m[name].astype(float) for name in NAMES])
    for symbol, m in zip(SYMBOLS, common.markets(), strict=False)
}


class Crossing(Strategy):
    """Buys one unit on an entry, closes on an exit; lines worked out once over all candles."""

    def before(self):
        """Compute the line at the first candle."""
        if self.index == 0:
            mine = candles[self.symbol]
            if kind == "rsi":
                line = ta.rsi(mine, 14, sequential=True)
            else:
                line = ta.sma(mine, 20, sequential=True) - ta.sma(mine, 50, sequential=True)
            self.vars["in"], self.vars["out"] = common.crossings(kind, line)
        self.vars["at"] = common.index(self.current_candle[0])

    def should_long(self):
        """Enter on the crossing."""
        if not self.vars["in"][self.vars["at"]]:
            return False
        return kind != "trend" or self.rising()

    def rising(self):
        """Return whether the last four hours that have closed lie above their mean.

        The newest row of a longer timeframe is the one that is being made until its last minute.
        """
        longer = self.get_candles(self.exchange, self.symbol, "4h")
        if (self.vars["at"] + 1) % 240:
            longer = longer[:-1]
        return longer[-1, 2] > longer[-20:, 2].mean()

    def go_long(self):
        """Buy one unit at the market."""
        self.buy = 1, self.price

    def should_cancel_entry(self):
        """Let no entry wait."""
        return True

    def update_position(self):
        """Leave on the crossing."""
        if self.vars["out"][self.vars["at"]]:
            self.liquidate()


config = {
    "starting_balance": common.CASH, "fee": common.FEE, "type": "futures", "exchange": EXCHANGE,
    "futures_leverage": 1, "futures_leverage_mode": "cross",
    "warm_up_candles": 0,
}  # fmt: skip
routes = [
    {"exchange": EXCHANGE, "strategy": Crossing, "symbol": symbol, "timeframe": "1m"} for symbol in candles
]
longer = [{"exchange": EXCHANGE, "symbol": "BTC-USDT", "timeframe": "4h"}] if kind == "trend" else []
data = {
    f"{EXCHANGE}-{symbol}": {"exchange": EXCHANGE, "symbol": symbol, "candles": rows}
    for symbol, rows in candles.items()
}


def work():
    """Run once."""
    return research.backtest(config, routes, longer, data, generate_equity_curve=False)


first, best, result = common.timed(work, passes)
rows = {symbol: [] for symbol in candles}
for each in result["trades"]:
    rows[each["symbol"]].append((
        common.index(each["opened_at"]) - 1, each["entry_price"], common.index(each["closed_at"]) - 1,
        each["exit_price"],
    ))  # fmt: skip
equity = float(result["metrics"]["finishing_balance"])
if kind == "basket":
    common.tell_basket("jesse", (first, best), rows.values(), equity=equity)
else:
    common.tell("jesse", (first, best), rows["BTC-USDT"], equity=equity)
