#!/usr/bin/env bash
# binance-sdk-spot 13.2.0 (binance-common 4.6.0): a cancel that worked can be told as "Unknown order sent.".
#
# Seen: the client sends GET and DELETE again by itself after a 5xx, up to three times, and a DELETE is a cancel. The
# exchange's 503 leaves open whether it was executed; where it was, the second finds nothing to cancel, and the caller
# gets BadRequestError -2011 of the second request, never the 503 of the first.
# Guessed: what is repeated unasked are reads; an order's request is sent once, and its unknown outcome is told.
# Matters: -2011 after a cancel is what an exchange says of an order that was filled. A caller that takes it so books a
# position that does not exist.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" \
  binance-sdk-spot==13.2.0 binance-common==4.6.0

cat > "$folder/run.py" <<'PYTHON'
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from binance_common.configuration import ConfigurationRestAPI
from binance_sdk_spot.spot import Spot

resting, requests = {"1"}, []


class Exchange(BaseHTTPRequestHandler):
    """Executes each cancel; the answer to the first is the gateway's, which does not know."""

    def do_DELETE(self):
        worked = "1" in resting
        resting.discard("1")
        requests.append("cancelled" if worked else "nothing to cancel")
        if worked:
            self.answer(503, {"code": -1006, "msg": "Execution status unknown."})
        else:
            self.answer(400, {"code": -2011, "msg": "Unknown order sent."})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Exchange)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
spot = Spot(ConfigurationRestAPI(api_key="key", api_secret="secret", base_path=url))
try:
    spot.rest_api.delete_order(symbol="BTCUSDT", order_id=1)
except Exception as error:
    print("at the exchange:", requests)
    print("told:", type(error).__name__, error)
PYTHON

cat > "$folder/expected" <<'SEEN'
at the exchange: ['cancelled', 'nothing to cancel']
told: BadRequestError (-2011, 'Unknown order sent.')
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: binance-sdk-spot 13.2.0"
