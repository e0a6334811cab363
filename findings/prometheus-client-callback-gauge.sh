#!/usr/bin/env bash
# prometheus-client 0.26.0: in multiprocess mode a gauge with a callback is exported as 0, always, and nothing says so.
#
# Seen: a gauge whose value is a function (`set_function(lambda: 42.0)`) is scraped as 42.0 by one process. With
# PROMETHEUS_MULTIPROC_DIR set, and everything else the same, it is scraped as 0.0: the callback is accepted and never
# called. A gauge beside it that was `set(7)` is scraped as 7.0 in both.
# Guessed: a way of setting that a mode cannot keep is refused, or the series is missing.
# Matters: callbacks are what ages are written with ("seconds since the last candle"). Whoever puts a second worker before
# the exporter gets an age of 0 for ever, so that every rule of the form `age > 120` stays silent, and `absent()` too.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" prometheus-client==0.26.0

cat > "$folder/run.py" <<'PYTHON'
import os
import sys

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest, multiprocess

age = Gauge("data_age_seconds", "Seconds since the last candle.")
age.set_function(lambda: 42.0)
Gauge("rows", "Rows written.").set(7)
registry = REGISTRY
if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
for line in generate_latest(registry).decode().splitlines():
    if line.startswith(("data_age_seconds", "rows")):
        print(sys.argv[1], line.partition("{")[0].partition(" ")[0], line.rpartition(" ")[2])
PYTHON

cat > "$folder/expected" <<'SEEN'
one data_age_seconds 42.0
one rows 7.0
several data_age_seconds 0.0
several rows 7.0
SEEN
export PYTHONPATH="$folder/site"
"${PYTHON:-python3}" "$folder/run.py" one > "$folder/seen"
mkdir "$folder/values"
PROMETHEUS_MULTIPROC_DIR="$folder/values" "${PYTHON:-python3}" "$folder/run.py" several >> "$folder/seen"
cat "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: prometheus-client 0.26.0"
