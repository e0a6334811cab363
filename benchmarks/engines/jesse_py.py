"""Jesse: its research backtest, a Python loop with orders, positions and a simulated exchange."""

import common
import jesse.indicators as ta
import numpy as np
from jesse import research
from jesse.strategies import Strategy

m, kind, passes = common.asked()
candles = np.column_stack([m["time"].astype(float), m["open"], m["close"], m["high"], m["low"], m["volume"]])
EXCHANGE, SYMBOL = "Binance Perpetual Futures", "BTC-USDT"


class Crossing(Strategy):
    """Buys one unit on an entry, closes on an exit; lines worked out once over all candles."""

    def before(self):
        """Compute the line at the first candle."""
        if self.index == 0:
            if kind == "rsi":
                line = ta.rsi(candles, 14, sequential=True)
            else:
                line = ta.sma(candles, 20, sequential=True) - ta.sma(candles, 50, sequential=True)
            self.vars["in"], self.vars["out"] = common.crossings(kind, line)
        self.vars["at"] = common.index(self.current_candle[0])

    def should_long(self):
        """Enter on the crossing."""
        return bool(self.vars["in"][self.vars["at"]])

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
routes = [{"exchange": EXCHANGE, "strategy": Crossing, "symbol": SYMBOL, "timeframe": "1m"}]
data = {f"{EXCHANGE}-{SYMBOL}": {"exchange": EXCHANGE, "symbol": SYMBOL, "candles": candles}}


def work():
    """Run once."""
    return research.backtest(config, routes, [], data, generate_equity_curve=False)


first, best, result = common.timed(work, passes)
rows = [
    (common.index(each["opened_at"]) - 1, each["entry_price"], common.index(each["closed_at"]) - 1,
     each["exit_price"])
    for each in result["trades"]
]  # fmt: skip
common.tell("jesse", (first, best), rows, equity=float(result["metrics"]["finishing_balance"]))
