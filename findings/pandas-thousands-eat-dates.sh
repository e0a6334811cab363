#!/usr/bin/env bash
# pandas 3.1.1: read_csv(thousands=".") takes the points out of dates as well, and sorts a price table by day of month.
#
# Seen: a table with a decimal comma ("31.12.2023;2.320,50") needs decimal="," and thousands=".". Then every column whose
# cells are digits and points is a number: 31.12.2023 is the integer 31122023, 1.01.2024 is 1012024, and so is 10.1.2024.
# Sorted by it, January comes before the December before it. Nothing is said. With the same column in parse_dates it is
# a date; with thousands left out it is text.
# Guessed: a thousands separator stands before three digits, so 31.12.2023 is no number, and the column stays text as it
# does without it.
# Matters: files of European sellers are read with these two options, for the prices. Whoever sorts by the date column,
# takes it for an index or joins by it gets two days in one row and returns from the wrong day to the wrong day.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" pandas==3.1.1

cat > "$folder/run.py" <<'PYTHON'
from io import StringIO

import pandas as pd

TEXT = """Date;Close
28.12.2023;2.297,40
31.12.2023;2.320,50
1.01.2024;2.350,00
10.1.2024;2.440,00
"""
how = {"sep": ";", "decimal": ","}
prices = pd.read_csv(StringIO(TEXT), thousands=".", **how)
print("dates:", prices["Date"].tolist())
print("sorted by date:", prices.sort_values("Date", kind="stable")["Close"].tolist())
print("days:", prices["Date"].nunique(), "of", len(prices))
dated = pd.read_csv(StringIO(TEXT), thousands=".", parse_dates=["Date"], date_format="%d.%m.%Y", **how)
print("with parse_dates:", dated["Date"].dt.strftime("%Y-%m-%d").tolist())
text = pd.read_csv(StringIO(TEXT), **how)
print("without thousands:", text["Date"].tolist())
PYTHON

cat > "$folder/expected" <<'SEEN'
dates: [28122023, 31122023, 1012024, 1012024]
sorted by date: [2350.0, 2440.0, 2297.4, 2320.5]
days: 3 of 4
with parse_dates: ['2023-12-28', '2023-12-31', '2024-01-01', '2024-01-10']
without thousands: ['28.12.2023', '31.12.2023', '1.01.2024', '10.1.2024']
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: pandas 3.1.1"
