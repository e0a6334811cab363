"""The same two strategies on the same candles, in every engine, in one run: `python -m benchmarks.peers`.

Each engine runs in an environment of its own that is thrown away afterwards. The bare kernel is warmed
up over many passes in the same minute as every measurement, because ratios to a cold one are off by two.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.peers_market import write

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "engines"
ROOT = HERE.parent
LIMIT_SECONDS = 900


class Engine(NamedTuple):
    """An engine: what to install (nothing: this environment), its script, and what it does per candle."""

    name: str
    packages: tuple[str, ...]
    script: str
    does: str
    passes: int = 3


OURS = (
    Engine("bare kernel", (), "bare.py", "indicator, next-open fill, fee; floats, no account", 50),
    Engine(
        "boyd",
        (),
        "boyd.py",
        "every rule of the loop: gate, sizing, stops, drawdown, integer money",
        10,
    ),
)
PEERS = (
    Engine("vectorbt", ("vectorbt",), "vectorbt_py.py", "signals as arrays, one compiled pass; no stops", 5),
    Engine(
        "backtesting.py",
        ("backtesting",),
        "backtesting_py.py",
        "Python loop, orders and trades objects",
        1,
    ),
    Engine(
        "backtrader", ("backtrader", "pandas"), "backtrader_py.py", "lines, orders and a broker, objects", 0
    ),
)
NOT_RUN = (
    "NautilusTrader, freqtrade, Jesse and hftbacktest have no script here yet: their figures in the issue "
    "are not repeated in this table."
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    asked = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="boyd-peers-") as name:
        folder = asked.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        year, short = write(folder, asked.bars), write(folder, asked.sweep_bars)
        rows = measure(folder, year, short, asked.only)
    print(json.dumps(rows, indent=2) if asked.json else "\n".join(table(rows, asked.bars, asked.sweep_bars)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--only", action="append", help="an engine; may be repeated")
    parser.add_argument("--bars", type=int, default=525_600, help="candles of the year")
    parser.add_argument("--sweep-bars", type=int, default=50_000, help="candles of the sweep")
    parser.add_argument("--keep", type=Path, help="folder for environments that are to stay")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def measure(folder: Path, year: Path, short: Path, only: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return one row per engine and strategy, each with the bare kernel's time of the same minute."""
    rows = []
    for engine in (*OURS, *PEERS):
        if only and engine.name not in only:
            continue
        python = environment(engine, folder)
        if isinstance(python, str):
            rows.append({"engine": engine.name, "kind": "-", "failed": python})
            continue
        for kind in ("rsi", "sma"):
            bare = figures(OURS[0], Path(sys.executable), year, kind)
            rows.append(_row(engine, kind, figures(engine, python, year, kind), bare))
        rows.extend(_more(engine, python, year, short))
    return rows


def _more(engine: Engine, python: Path, year: Path, short: Path) -> list[dict[str, Any]]:
    kinds = {"boyd": ("rsi-default", "rsi-plain", "sweep"), "vectorbt": ("sweep",)}.get(engine.name, ())
    found = []
    for kind in kinds:
        few = engine._replace(passes=1)
        bare = figures(OURS[0], Path(sys.executable), year, "rsi")
        data = short if kind == "sweep" else year
        found.append(_row(engine, kind, figures(few, python, data, kind), bare))
    return found


def _row(engine: Engine, kind: str, told: Mapping[str, Any], bare: Mapping[str, Any]) -> dict[str, Any]:
    row = {"engine": engine.name, "kind": kind, "does": engine.does, **told}
    row["kind"] = kind
    if "seconds" in told and "seconds" in bare and kind != "sweep":
        row["ratio"] = told["seconds"] / bare["seconds"]
        row["bare"] = bare
    return row


def environment(engine: Engine, folder: Path) -> Path | str:
    """Return the Python of an engine's own environment, or why it could not be made."""
    if not engine.packages:
        return Path(sys.executable)
    home = folder / engine.name
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        done = _run([str(python), "-m", "pip", "install", "--quiet", *engine.packages], {})
        if done.returncode:
            return f"does not install: {_last_line(done.stderr)}"
    return python


def figures(engine: Engine, python: Path, data: Path, kind: str) -> dict[str, Any]:
    """Run an engine's script and return what it tells, or why it did not."""
    path = os.pathsep.join([str(SCRIPTS)] + ([] if engine.packages else [str(ROOT)]))
    words = [str(python), str(SCRIPTS / engine.script), str(data), kind, str(engine.passes)]
    done = _run(words, {"PYTHONPATH": path})
    for line in done.stdout.splitlines():
        if line.startswith("FIGURES "):
            told: dict[str, Any] = json.loads(line.removeprefix("FIGURES "))
            return told
    return {"failed": _last_line(done.stderr) or f"exit code {done.returncode}"}


def _run(words: Sequence[str], more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", f"not done after {LIMIT_SECONDS} s")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def table(rows: Sequence[Mapping[str, Any]], bars: int, sweep_bars: int) -> list[str]:
    """Return the rows as lines for people."""
    told = [
        f"{bars} one-minute candles, RSI(14, 30/70) and SMA(20/50), one unit, next open, 0.1 % a side",
        f"{'engine':16}{'run':13}{'seconds':>10}{'x bare':>9}{'first':>8}{'trades':>8}{'equity':>15}{'MB':>6}",
    ]
    for row in rows:
        if "failed" in row:
            told.append(f"{row['engine']:16}{row['kind']:13}failed: {row['failed']}")
        elif row["kind"] == "sweep":
            told.append(
                f"{row['engine']:16}{'sweep':13}{row['seconds']:10.3f}{'':9}{row['first']:8.1f}  "
                f"{row['pairs'] / row['seconds']:,.0f} pairs/s on {sweep_bars} candles, "
                f"{row['rss_mb']:.0f} MB"
            )
        else:
            told.append(
                f"{row['engine']:16}{row['kind']:13}{row['seconds']:10.4f}{row['ratio']:9.1f}{row['first']:8.1f}"
                f"{row['trades']:8}{row['equity']:15,.3f}{row['rss_mb']:6.0f}"
            )
    names = dict.fromkeys((row["engine"], row.get("does", "")) for row in rows)
    return [*told, "", *(f"{name}: {does}" for name, does in names if does), NOT_RUN]


if __name__ == "__main__":
    main()
