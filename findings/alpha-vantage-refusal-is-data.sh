#!/usr/bin/env bash
# alpha_vantage 3.0.0: asked for CSV, it returns a refusal as if it were the data.
#
# Seen: Alpha Vantage says no with HTTP 200 and a JSON text, whatever format was asked for. With output_format "json" the
# package raises ValueError with that text; with "csv" it hands the lines of the text over as rows, and its own check for
# an empty answer (`if not csv_response`) can never be true of a csv.reader.
# Guessed: a format changes how data look, not whether a refusal is an error.
# Matters: a nightly download into CSV files replaces good candles by three lines of JSON the day the key's 25 requests
# are used up, and exits as if all were well.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" alpha_vantage==3.0.0

cat > "$folder/run.py" <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from alpha_vantage.alphavantage import AlphaVantage
from alpha_vantage.timeseries import TimeSeries

REFUSAL = {"Information": "We have detected your API key and our standard API rate limit is 25 requests per day."}


class Venue(BaseHTTPRequestHandler):
    """Refuses, as Alpha Vantage does it: HTTP 200 and a text in JSON, also where CSV was asked for."""

    def do_GET(self):
        text = json.dumps(REFUSAL, indent=4).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Venue)
threading.Thread(target=server.serve_forever, daemon=True).start()
AlphaVantage._ALPHA_VANTAGE_API_URL = f"http://127.0.0.1:{server.server_port}/query?"
for kind in ("json", "csv"):
    try:
        data, _ = TimeSeries(key="key", output_format=kind).get_daily("MSFT")
        print(kind, "returned", [",".join(row) for row in data])
    except ValueError as error:
        print(kind, "raised", error)
PYTHON

cat > "$folder/expected" <<'SEEN'
json raised We have detected your API key and our standard API rate limit is 25 requests per day.
csv returned ['{', '    "Information": "We have detected your API key and our standard API rate limit is 25 requests per day."', '}']
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: alpha_vantage 3.0.0"
