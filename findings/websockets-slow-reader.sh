#!/usr/bin/env bash
# websockets 17.4, sync client: a reader that pauses loses its connection, and messages, to the client's own keepalive.
#
# Seen: once more than max_queue messages wait to be read, the client stops reading the socket; the answer to its ping
# lies behind them, so after ping_interval and ping_timeout it closes with 1011 "keepalive ping timeout". The peer is
# alive, answered every ping and sends nothing more. Of 40 small messages some are still handed out, the rest are gone.
# With 16, which fit, the same pause does no harm.
# Guessed: keepalive judges the peer. A slow reader is slowed down (back-pressure), at worst late, and misses nothing.
# Matters: a trading client that is busy for a minute (a long computation, a debugger, a stopped process) reconnects and
# has a gap, and its log blames the exchange's side. Read in a thread that does nothing else, and fill gaps after 1011.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" websockets==17.4

cat > "$folder/run.py" <<'PYTHON'
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve


def venue(socket):
    """Send a few messages, then be there and answer pings."""
    for number in range(messages):
        socket.send(str(number))
    try:
        socket.recv()
    except ConnectionClosed:
        pass


for messages in (16, 40):
    with serve(venue, "127.0.0.1", 0, ping_interval=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        with connect(url, ping_interval=0.5, ping_timeout=0.5, max_queue=16) as client:
            time.sleep(2)  # busy with something else
            read, said = 0, "open"
            try:
                while True:
                    client.recv(timeout=0.5)
                    read += 1
            except TimeoutError:
                pass
            except ConnectionClosed as error:
                said = str(error)
        server.shutdown()
    print(f"{messages} sent, {'all' if read == messages else 'some'} read: {said}")
PYTHON

cat > "$folder/expected" <<'SEEN'
16 sent, all read: open
40 sent, some read: sent 1011 (internal error) keepalive ping timeout; no close frame received
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: websockets 17.4"
