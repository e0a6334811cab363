#!/usr/bin/env bash
# backtesting 0.6.6 (pandas 3.1.1): resample_apply("W") of hourly candles knows the week's last close all Sunday long.
#
# Seen: of hours named by their open, "4h" and "D" reach a strategy when they are over, and "W" does not: from Sunday 01:00
# on the week's close is the one of Sunday 23:00, up to 23 hours ahead. "ME" does the same on a month's last day. A label
# such as Sunday stands at its midnight, the candles of all that day are counted to it, and the value is laid on the
# hours from the label on.
# Guessed: longer timeframes are all treated alike, and label="right", of which its documentation says that without it the
# strategy would look ahead, is the time at which the longer candle has ended.
# Matters: crypto trades on Sundays. A weekly trend filter over hourly candles, or a strategy that buys when the weekly
# close lies above the price, has a seventh of its year with knowledge of the future, and its backtest looks fine.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" \
    backtesting==0.6.6 pandas==3.1.1

cat > "$folder/run.py" <<'PYTHON'
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
from backtesting import Backtest, Strategy
from backtesting.lib import resample_apply

# Six weeks of hours from Monday 1 January 2024, each named by its open; every hour closes 1 higher than the one before,
# so that a longer close above the newest hour's is one of later.
hours = pd.date_range("2024-01-01", periods=24 * 42, freq="h")
price = 1_000.0 + np.arange(len(hours))
candles = pd.DataFrame({name: price for name in ("Open", "High", "Low", "Close")}, index=hours)

for rule in ("4h", "D", "W", "ME"):
    ahead = {}

    class Looks(Strategy):
        def init(self):
            self.longer = resample_apply(rule, lambda close: close, self.data.Close)

        def next(self):
            known, now = self.longer[-1], self.data.Close[-1]
            if known > now:
                ahead[self.data.index[-1]] = int(known - now)

    Backtest(candles, Looks, cash=1_000_000).run()
    if ahead:
        first = next(iter(ahead))
        print(f"{rule}: {len(ahead)} hours look ahead, the first {first:%A %d %B %H:%M} by {ahead[first]} hours")
    else:
        print(f"{rule}: none")
PYTHON

cat > "$folder/expected" <<'SEEN'
4h: none
D: none
W: 137 hours look ahead, the first Sunday 07 January 01:00 by 22 hours
ME: 22 hours look ahead, the first Wednesday 31 January 01:00 by 22 hours
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: backtesting 0.6.6"
