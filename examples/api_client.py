"""A client of `agent serve` with nothing but the standard library: asks, steers, and follows the stream.

BOYD_TOKEN=$(cat HOME/api.token) python examples/api_client.py http://127.0.0.1:8501
"""

import http.client
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Boyd:
    """The API of one server."""

    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/") + "/api/v1", token

    def get(self, path, **query):
        return json.load(self._open(f"{path}?{urllib.parse.urlencode(query)}"))

    def post(self, path, **body):
        """Send a command. The same `key` again is the same command: it may be repeated after a time-out."""
        body.setdefault("key", secrets.token_hex(16))
        return json.load(self._open(path, data=json.dumps(body).encode()))

    def events(self, last="", **query):
        """Yield events for ever: (id, kind, data). After a cut it goes on after the last one."""
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            fields = {}
            try:
                for line in self._open(f"events?{urllib.parse.urlencode(query)}", headers):
                    name, _, value = line.decode().rstrip("\n").partition(": ")
                    if name:
                        fields[name] = value
                        continue
                    last = fields.get("id", last)
                    if "data" in fields:
                        yield last, fields["event"], json.loads(fields["data"])
                    fields = {}
            except (OSError, http.client.HTTPException) as error:
                print(f"cut off: {error}", file=sys.stderr)
            time.sleep(0.5)

    def _open(self, path, more=None, data=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"} | (more or {})
        request = urllib.request.Request(f"{self.url}/{path}", data, headers)
        try:
            return urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:  # what was wrong stands in its body
            raise SystemExit(json.load(error)["error"]["message"]) from None


if __name__ == "__main__":
    token = os.environ.get("BOYD_TOKEN") or sys.exit("BOYD_TOKEN is not set: it is what HOME/api.token holds")
    boyd = Boyd(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501", token)
    for row in boyd.get("agents"):
        why = boyd.get(f"agents/{row['agent']}/cycles/last")
        print(f"{row['agent']}: equity {row['equity']}, its last cycle {why['cycle']} was {why['outcome']}")
    for last, kind, event in boyd.events(last="0", kind="cycle_ended"):
        if kind == "cycle_ended":
            print(f"{last}: cycle {event['body']['cycle']} {event['body']['outcome']}", flush=True)
