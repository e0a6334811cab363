#!/usr/bin/env bash
# ccxt 4.5.64, Binance spot: a market order that is given a price sells another amount, and nothing says so.
#
# Seen: create_order("BTC/USDT", "market", "sell", 1, 95) sends no quantity and no price but quoteOrderQty=95,
# "sell until 95 USDT came in". At a market of 100 that sells 0.95 and keeps 0.05. Without the price, and with the
# option quoteOrderQty off, quantity=1 is sent.
# Guessed: a price makes no sense beside a market order, so it is refused, ignored or left to the exchange.
# Matters: a caller that passes the last price along "for the record" exits less (or, above the market, more) than it
# holds, and the rest stays a position that nobody protects.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" ccxt==4.5.64

cat > "$folder/run.py" <<'PYTHON'
from urllib.parse import parse_qsl

import ccxt

api = ccxt.binance({"apiKey": "key", "secret": "secret"})
market = {
    "id": "BTCUSDT", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT",
    "type": "spot", "spot": True, "contract": False, "active": True, "limits": {},
    "precision": {"amount": 0.00001, "price": 0.01}, "info": {"orderTypes": ["LIMIT", "MARKET"]},
}
api.set_markets([market])
sent = {}


def fetch(url, method="GET", headers=None, body=None):
    """Stand in for the network: keep what would be sent."""
    sent.clear()
    sent.update(parse_qsl(body or url.partition("?")[2]))
    return {"symbol": "BTCUSDT", "orderId": 1, "status": "NEW"}


def show(title):
    print(title, {name: sent[name] for name in ("quantity", "price", "quoteOrderQty") if name in sent})


api.fetch = fetch
api.create_order("BTC/USDT", "market", "sell", 1, 95)
show("with a price:")
api.create_order("BTC/USDT", "market", "sell", 1)
show("without:")
api.options["quoteOrderQty"] = False
api.create_order("BTC/USDT", "market", "sell", 1, 95)
show("option off:")
PYTHON

cat > "$folder/expected" <<'SEEN'
with a price: {'quoteOrderQty': '95'}
without: {'quantity': '1'}
option off: {'quantity': '1'}
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: ccxt 4.5.64"
