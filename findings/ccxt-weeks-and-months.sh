#!/usr/bin/env bash
# ccxt 4.5.90: candles made of trades open on other days than the exchange's own: weeks on Thursday, a month is 30 days.
#
# Seen: build_ohlcvc, which makes candles of trades, and round_timeframe count every timeframe in whole lengths since
# 1 January 1970, a Thursday. "1w" of binance opens on Thursdays, "1M" lasts 30 days and opened on 19 December 2023.
# fetch_ohlcv of the same client returns Binance's own: weeks from Monday, months from their first day.
# Guessed: a timeframe of one client means the same days, whether the candles come from the exchange or are made here.
# Matters: weekly candles continued from trades after fetch_ohlcv overlap at the seam, and every later one is shifted
# against what the exchange and its charts show. A signal "at the week's close" comes on Wednesday night; a monthly one
# moves by five days a year. Nothing is said, for each candle by itself is right.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" ccxt==4.5.90

cat > "$folder/run.py" <<'PYTHON'
from datetime import UTC, datetime

import ccxt

api = ccxt.binance()
start = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)  # a Monday
trades = [{"timestamp": start + hour * 3_600_000, "price": 100.0 + hour, "amount": 1.0} for hour in range(24 * 40)]

# As the exchange answers: its weeks and months begin on these days.
own = {"1d": start, "1w": start, "1M": start}


def fetch(url, method="GET", headers=None, body=None):
    """Stand in for the network: one kline of the interval that is asked for."""
    interval = url.partition("interval=")[2].partition("&")[0]
    return [[own[interval], "100", "101", "99", "100", "5", 0, "0", 1, "0", "0", "0"]]


api.fetch = fetch
api.set_markets([{
    "id": "BTCUSDT", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT",
    "type": "spot", "spot": True, "contract": False, "active": True, "limits": {}, "precision": {}, "info": {},
}])
for timeframe in ("1d", "1w", "1M"):
    days = [f"{datetime.fromtimestamp(candle[0] / 1000, UTC):%a %d %b %Y}"
            for candle in (api.fetch_ohlcv("BTC/USDT", timeframe)[0], api.build_ohlcvc(trades, timeframe)[0])]
    print(timeframe, "of the exchange:", days[0], "| of trades:", days[1])
PYTHON

cat > "$folder/expected" <<'SEEN'
1d of the exchange: Mon 01 Jan 2024 | of trades: Mon 01 Jan 2024
1w of the exchange: Mon 01 Jan 2024 | of trades: Thu 28 Dec 2023
1M of the exchange: Mon 01 Jan 2024 | of trades: Tue 19 Dec 2023
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: ccxt 4.5.90"
