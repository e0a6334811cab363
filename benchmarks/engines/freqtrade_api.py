"""freqtrade's bot in dry-run with its API server, without a network: run by freqtrade's own Python.

    python freqtrade_api.py CONFIG USER_DATA

Its exchange object is the real one; the one market it would have been told of is written into it here. The bot
stands still (`initial_state` is stopped), so only its server is measured.
"""

import sys

from freqtrade.exchange import Exchange
from freqtrade.main import main

PAIR = "BTC/USDT"
MARKET = {
    "id": "BTCUSDT", "symbol": PAIR, "base": "BTC", "quote": "USDT", "active": True, "spot": True,
    "swap": False, "type": "spot", "contract": False, "linear": None, "contractSize": None, "taker": 0.001,
    "maker": 0.001, "precision": {"amount": 0.00001, "price": 0.01},
    "limits": {"amount": {"min": 0.00001, "max": None}, "cost": {"min": 5, "max": None}, "leverage": {}},
    "info": {},
}  # fmt: skip


def known(self, *_, **__):
    """Know the one market, as if it had been fetched a moment ago."""
    self._markets = {PAIR: MARKET}
    self._last_markets_refresh = 10**15
    self._api.set_markets({PAIR: MARKET})
    self._api_async.set_markets({PAIR: MARKET})


Exchange.reload_markets = known
config, folder = sys.argv[1:]
main(["trade", "--config", config, "--userdir", folder, "--strategy", "SampleStrategy"])
