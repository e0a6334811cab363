"""The engines compared: what to install, the script that runs each, what each does per candle."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SCRIPTS = Path(__file__).resolve().parents[1] / "engines"
ROOT = SCRIPTS.parent.parent
INSTALL_SECONDS, RUN_SECONDS, START_SECONDS = 1_200, 900, 30
MARK = "FIGURES "


class Engine(NamedTuple):
    """An engine. `packages` empty: it runs here, as a module of this folder.

    `runs` are the kinds its script knows, `passes` how often each is timed after the first pass;
    `words` follow on the script's command line; `python` is the least version that its release runs on.
    """

    name: str
    script: str
    does: str
    packages: tuple[str, ...] = ()
    runs: tuple[str, ...] = ("rsi", "sma")
    passes: int = 0
    words: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)


SINGLE_PASS = ("rsi", "sma", "basket", "trend")

BARE = Engine(
    "bare kernel",
    "peers.bare",
    "indicator, fill at the next open, fee; floats, no account, no stops, no record of trades",
    runs=("rsi", "sma", "basket", "trend", "sweep"),
    passes=200,
)
OURS = Engine(
    "boyd",
    "peers.boyd",
    "indicator, confidence, vote, every rule of the gate, sizing, stop, fill with fee and slippage, "
    "day limits, drawdown; integer money; every trade and every veto recorded; equity of every candle "
    "when asked for, as in the rows that end on -equity",
    runs=(
        "rsi", "sma", "basket", "trend", "rsi-prepared", "sma-prepared", "basket-prepared",
        "trend-prepared", "rsi-default", "sma-default", "rsi-equity", "sma-equity",
        "rsi-plain", "sma-plain", "compile", "sweep",
        "sweep-4000", "catalogue", "memory", "memory-100",
    ),
    passes=60,
)  # fmt: skip
PEERS = (
    Engine(
        "vectorbt[rust]",
        "vectorbt_py.py",
        "indicator and signals as whole arrays, then one compiled pass over orders; floats; no stops "
        "here; several symbols share one cash; no longer timeframe of its own, its array is made and "
        "shifted by hand",
        ("vectorbt[rust]==1.2.0",),
        ("rsi", "sma", "basket", "trend", "sweep"),
        20,
        ("rust",),
    ),
    Engine(
        "vectorbt",
        "vectorbt_py.py",
        "as vectorbt[rust], its passes compiled by numba",
        ("vectorbt==1.2.0",),
        ("rsi", "sma", "basket", "trend", "sweep"),
        20,
        ("numba",),
    ),
    Engine(
        "hftbacktest",
        "hftbacktest_py.py",
        "a compiled order book fed with four depth events a candle, latencies, the strategy itself "
        "compiled; each of several assets has its own book and its own balance; no candles, so no "
        "timeframes",
        ("hftbacktest==2.4.4",),
        ("rsi", "sma", "basket"),
        passes=5,
    ),
    Engine(
        "backtesting.py",
        "backtesting_py.py",
        "indicator as an array, then a Python loop: orders, trades, equity; no stops set; statistics; "
        "one symbol an account; longer candles by resample_apply, which sees one as the next candle "
        "opens, so one candle late",
        ("backtesting==0.6.6",),
        ("rsi", "sma", "trend", "sweep"),
        1,
    ),
    Engine(
        "NautilusTrader",
        "nautilus_py.py",
        "events: bar to matching engine, bus, Python strategy; order life cycle, account, portfolio; "
        "longer bars aggregated inside of it. With pandas 3, which it allows, its bar wrangler stops: "
        "pandas is held at 2.3",
        ("nautilus_trader==1.231.0", "pandas==2.3.3"),
        SINGLE_PASS,
        python=(3, 12),
    ),
    Engine(
        "Jesse",
        "jesse_py.py",
        "Python loop with order and position objects, exchange simulation by candle parts, a store of "
        "state; longer candles beside, the newest of them unfinished until its last minute",
        ("jesse==3.5.3",),
        SINGLE_PASS,
    ),
    Engine(
        "backtrader",
        "backtrader_py.py",
        "Python loop with lines, broker, order and trade objects, cash checks; longer candles by "
        "resampledata",
        ("backtrader==1.9.78.123", "pandas"),
        SINGLE_PASS,
    ),
    Engine(
        "zipline",
        "zipline_py.py",
        "events by minute: clock, bar files, blotter with slippage and commission, Python algorithm, "
        "ledger; whole days only; prices in its files have three decimals; between minutes and days no "
        "timeframe",
        ("zipline-reloaded==3.2.1",),
        ("rsi", "sma", "basket"),
    ),
    Engine(
        "freqtrade",
        "freqtrade_py.py",
        "Python loop over rows with trade and order objects, stop-loss and least return each candle; "
        "longer candles merged into the frame before, shifted by merge_informative_pair",
        ("freqtrade==2026.9",),
        SINGLE_PASS,
    ),
)


def environment(engine: Engine, folder: Path) -> Path | str:
    """Return the Python of an engine's own environment, made if need be, or why it does not install."""
    if not engine.packages:
        return Path(sys.executable)
    home = folder / engine.name
    python, done = home / "bin" / "python", home / "installed"
    if done.exists():
        return python
    chosen = interpreter(engine.python)
    if chosen is None:
        return f"needs Python {'.'.join(map(str, engine.python))} or newer, which is not on this machine"
    made = execute([chosen, "-m", "venv", "--clear", str(home)], {}, INSTALL_SECONDS)
    if made.returncode:
        return f"gets no environment: {reason(made.stderr)}"
    words = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *engine.packages]
    found = execute(words, {}, INSTALL_SECONDS)
    if found.returncode:
        return f"does not install: {reason(found.stderr)}"
    done.touch()
    return python


def interpreter(least: tuple[int, int]) -> str | None:
    """Return a Python from that version on that starts: this one, of the path or of pyenv, oldest first."""
    if sys.version_info >= least:
        return sys.executable
    minors = range(least[1], least[1] + 5)
    named = (shutil.which(f"python3.{minor}") for minor in minors)
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    built = (str(each) for minor in minors for each in sorted(kept.glob(f"3.{minor}.*/bin/python")))
    return next((each for each in (*named, *built) if each is not None and _answers(each)), None)


def _answers(python: str) -> bool:
    """Tell a Python from pyenv's stand-in of its name, which is on the path and refuses to start."""
    return execute([python, "-c", "pass"], {}, START_SECONDS).returncode == 0


def figures(
    engine: Engine, python: Path, data: Path, kind: str, more: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run an engine once and return what it tells; `failed` says why it told nothing."""
    where = ["-m", f"benchmarks.{engine.script}"] if not engine.packages else [str(SCRIPTS / engine.script)]
    words = [str(python), *where, str(data), kind, str(engine.passes), *engine.words]
    path = str(SCRIPTS if engine.packages else ROOT)
    told = execute(words, {"PYTHONPATH": path, **(more or {})}, RUN_SECONDS, data.parent)
    for line in told.stdout.splitlines():
        if line.startswith(MARK):
            found: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return found
    return {"failed": reason(told.stderr) or f"exit code {told.returncode} and no figures"}


def execute(
    words: Sequence[str], more: Mapping[str, str], seconds: float, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with a limit to its time; running out of it is told like an error of its own."""
    try:
        return subprocess.run(
            words, env={**os.environ, **more}, cwd=folder, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", f"not done after {seconds:g} s")


def reason(text: str) -> str:
    """Return the line of an error's output that says what was wrong: the first error, or the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines[-1:] or [""])[0]
