#!/usr/bin/env bash
# rich 15.0.0: a progress bar on the error output of a terminal sends everything printed meanwhile there, too.
#
# Seen: inside "with Progress(console=Console(stderr=True))" print() and sys.stdout.write() go to the bar's console, so
# "scan.py > signals.jsonl" typed in a terminal leaves the file empty, with exit code 0. With the error output in a
# file as well, as under cron, the same program writes every line where it belongs. redirect_stdout=False does both.
# Guessed: a bar that was told to use the error output has nothing to do with the standard output.
# Matters: a scanner or an exporter with a bar feeds nothing to the program behind its pipe exactly when a person
# starts it, and works in every test and every cron job; signals, fills and tax rows are lost without an error.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" rich==15.0.0

cat > "$folder/scan.py" <<'PYTHON'
import json
import sys

from rich.console import Console
from rich.progress import Progress

more = {"redirect_stdout": False} if "--apart" in sys.argv else {}
with Progress(console=Console(stderr=True), transient=True, **more) as bar:
    task = bar.add_task("scanning", total=2)
    for symbol in ("BTC-USDT", "ETH-USDT"):
        print(json.dumps({"symbol": symbol, "signal": "BUY"}))
        bar.advance(task)
PYTHON

cat > "$folder/run.py" <<'PYTHON'
import os
import pathlib
import subprocess
import sys

scan = [sys.executable, str(pathlib.Path(__file__).with_name("scan.py"))]
terminal, other = os.openpty()
for title, errors, words in (
    ("error output is a terminal:", other, []),
    ("error output is a file:", subprocess.DEVNULL, []),
    ("terminal, redirect_stdout=False:", other, ["--apart"]),
):
    done = subprocess.run([*scan, *words], stdout=subprocess.PIPE, stderr=errors, text=True)
    print(title, len(done.stdout.splitlines()), "lines in signals.jsonl, exit code", done.returncode)
PYTHON

cat > "$folder/expected" <<'SEEN'
error output is a terminal: 0 lines in signals.jsonl, exit code 0
error output is a file: 2 lines in signals.jsonl, exit code 0
terminal, redirect_stdout=False: 2 lines in signals.jsonl, exit code 0
SEEN
PYTHONPATH="$folder/site" TERM=xterm "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: rich 15.0.0"
