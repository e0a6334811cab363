"""The comparison's own parts: its market, its bare kernel, its verdicts, its table. No peer is installed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.settings.user_strategies import LOADED
from agent.wiring.backtests import setup_of
from benchmarks.peers import __main__ as peers
from benchmarks.peers import bare as peers_bare
from benchmarks.peers import boyd, engines
from benchmarks.peers.engines import Engine, environment, figures, reason
from benchmarks.peers.market import (
    CASH,
    FEE,
    FIRST_SIGNAL,
    FIRST_TREND,
    LONG,
    Column,
    made,
    pairs,
    read,
    write,
    write_basket,
)
from benchmarks.peers.reference import reference, rising
from benchmarks.peers.table import aims, lines
from benchmarks.peers.verdict import References, judged, references, verdict, wanted_of
from reasoning.strategies.registry import STRATEGIES
from research.engine.backtest import backtest
from research.engine.compiler import plain

BARS = 6_000
PLAIN: dict[str, tuple[Callable[..., peers_bare.Outcome], tuple[int, ...]]] = {
    "rsi": (peers_bare.rsi_kernel, (14,)),
    "sma": (peers_bare.sma_kernel, (20, 50)),
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Column]]:
    path = write(tmp_path_factory.mktemp("market"), BARS)
    return path, read(path)


@pytest.fixture(params=["rsi", "sma"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def told_of(wanted: References, *, at_close: bool = False) -> dict[str, Any]:
    each = wanted.own_close if at_close else wanted.next_open
    ends = [list(each.trades[0]), list(each.trades[-1])]
    return {"trades": len(each.trades), "ends": ends, "equity": each.equity}


def test_the_market_is_the_same_every_time_and_opens_away_from_the_last_close() -> None:
    one, two = made(2_000), made(2_000)
    assert all(np.array_equal(one[name], two[name]) for name in one)
    opened, close = (np.asarray(one[name], dtype=np.float64) for name in ("open", "close"))
    gaps = opened[1:] != close[:-1]
    assert gaps.mean() > 0.9
    assert np.array_equal(opened, np.rint(opened))
    high, low = (np.asarray(one[name], dtype=np.float64) for name in ("high", "low"))
    assert (low <= np.minimum(opened, close)).all()
    assert (high >= np.maximum(opened, close)).all()
    assert len(set(pairs())) == 400
    assert len(set(pairs(200))) == 4_000


def test_the_bare_kernel_makes_the_trades_of_the_reference(
    market: tuple[Path, dict[str, Column]], kind: str
) -> None:
    opened, close = market[1]["open"], market[1]["close"]
    kernel, numbers = PLAIN[kind]
    found = kernel(opened, close, *numbers, FEE, FIRST_SIGNAL)
    wanted = reference(kind, close, opened, 1)
    assert found[0] == len(wanted.trades) > 10
    assert peers_bare.equity(found, close) == pytest.approx(wanted.equity, abs=1e-4)


def test_the_compiled_kernel_is_the_plain_one(
    market: tuple[Path, dict[str, Column]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path))
    told = peers_bare.measure(market[0], "sma", 2)
    wanted = reference("sma", market[1]["close"], market[1]["open"], 1)
    assert (told["trades"], told["pairs"]) == (len(wanted.trades), 1)
    assert told["equity"] == pytest.approx(wanted.equity, abs=1e-4)
    assert 0 < told["seconds"] <= told["median"] < told["first"]


def test_this_project_trades_as_the_reference_does_when_no_limit_stands_in_the_way(
    market: tuple[Path, dict[str, Column]], kind: str
) -> None:
    candles = boyd.series(market[0])
    result = backtest([candles], boyd.setup(kind, [candles]), plain())
    told = boyd.outcome(result, candles)
    assert verdict(told, references(kind, market[1])) == "same trades and equity, filled at the next open"


def test_it_does_so_with_four_symbols_in_one_account(tmp_path: Path) -> None:
    path = write_basket(tmp_path, 2_500)
    told = boyd.replayed(path, "basket-plain", 0)
    assert judged(told, wanted_of("basket", read(path))) == "same trades and equity, filled at the next open"


def test_it_does_so_with_a_trend_of_four_hours(tmp_path: Path) -> None:
    path = write(tmp_path, 10_000)
    before = list(sys.path)
    try:
        told = boyd.replayed(path, "trend-plain", 0)
    finally:
        LOADED.pop("trend", None)
        STRATEGIES.pop("trend", None)
        sys.modules.pop("trend", None)
        sys.path[:] = before
    assert judged(told, wanted_of("trend", read(path))) == "same trades and equity, filled at the next open"
    assert told["trades"] > 20


def test_the_shipped_limits_stay_in_the_default_runs(market: tuple[Path, dict[str, Column]]) -> None:
    candles = boyd.series(market[0])
    wide, shipped = (boyd.setup(kind, [candles]) for kind in ("rsi", "rsi-default"))
    assert shipped.policy.limits != wide.policy.limits
    assert shipped.policy.limits == setup_of(boyd.settings("rsi", wide=False)).policy.limits
    assert shipped.costs == wide.costs


def test_a_verdict_says_on_which_terms_trades_agree(market: tuple[Path, dict[str, Column]]) -> None:
    wanted = references("sma", market[1])
    assert verdict(told_of(wanted), wanted) == "same trades and equity, filled at the next open"
    assert "signal's own close" in verdict(told_of(wanted, at_close=True), wanted)
    lower = told_of(wanted, at_close=True) | {"tick": 0.01}
    lower["ends"] = [[*each[:3], each[3] - 0.01] for each in lower["ends"]]
    lower["equity"] -= 0.01 * (1 - FEE) * lower["trades"]
    assert "sells 0.01 lower" in verdict(lower, wanted)


def test_a_verdict_takes_a_last_forced_sale_out(market: tuple[Path, dict[str, Column]]) -> None:
    wanted = references("sma", market[1])
    told = told_of(wanted)
    price = wanted.last_close - 3.0
    forced = [BARS - 5, 1.0, BARS - 1, price]
    told |= {"trades": told["trades"] + 1, "ends": [told["ends"][0], forced]}
    told["equity"] += price * (1 - FEE) - wanted.last_close
    assert verdict(told, wanted).endswith("sells what is held with the last candle")


def test_a_basket_is_judged_symbol_by_symbol_and_its_money_at_once(tmp_path: Path) -> None:
    (wanted,) = wanted_of("basket", read(write_basket(tmp_path, 2_500)))
    told = basket_of(wanted)
    assert judged(told, [wanted]) == "same trades and equity, filled at the next open"
    assert judged(told | {"equity": told["equity"] + 1}, [wanted]).startswith("DIFFERS")
    swapped = told | {"symbols": told["symbols"][::-1]}
    assert judged(swapped, [wanted]).endswith("equity +0.00")
    price = wanted[1].last_close - 3.0
    forced = told["symbols"][1]
    forced |= {"trades": forced["trades"] + 1, "ends": [forced["ends"][0], [9, 1.0, 2_499, price]]}
    told |= {
        "trades": told["trades"] + 1,
        "equity": told["equity"] + price * (1 - FEE) - wanted[1].last_close,
    }
    assert judged(told, [wanted]).endswith("sells what is held with the last candle")


def basket_of(wanted: tuple[References, ...]) -> dict[str, Any]:
    parts = [told_of(each) for each in wanted]
    money = CASH + sum(each["equity"] - CASH for each in parts)
    return {"trades": sum(each["trades"] for each in parts), "symbols": parts, "equity": money}


def test_a_longer_candle_is_seen_when_it_has_closed(
    tmp_path: Path,
) -> None:
    market_of = read(write(tmp_path, 40_000))
    opened, close = market_of["open"], market_of["close"]
    found = peers_bare.trend_kernel(opened, close, 20, 50, FEE, FIRST_TREND)
    at_once, late = wanted_of("trend", market_of)
    assert found[0] == len(at_once[0].next_open.trades) > 50
    assert peers_bare.equity(found, close) == pytest.approx(at_once[0].next_open.equity, abs=1e-4)
    assert np.array_equal(rising(close, 1)[1:], rising(close)[:-1])
    told = judged(told_of(late[0]), [late])
    assert told.endswith("sees a longer candle 1 candle after it closed")
    below = close.copy()
    below[LONG * 25 - 1] = 1.0
    assert np.flatnonzero(rising(close) != rising(below))[0] >= LONG * 25 - 1


def test_a_verdict_says_what_differs(market: tuple[Path, dict[str, Column]]) -> None:
    wanted = references("rsi", market[1])
    told = told_of(wanted)
    told["trades"] += 2
    told["ends"][0][1] += 7.0
    told["equity"] += 50.0
    text = verdict(told, wanted)
    count = len(wanted.next_open.trades)
    assert text.startswith(f"DIFFERS: {count + 2} trades, not {count}; first ")
    assert text.endswith("equity +50.00")


def report() -> dict[str, Any]:
    bare = {"seconds": 0.003, "first": 1.0, "trades": 9, "equity": 5.0, "rss_mb": 100.0, "pairs": 1}
    short = {**bare, "seconds": 0.1, "pairs": 400}
    told = {"seconds": 0.012, "first": 0.5, "trades": 9, "equity": 5.0, "rss_mb": 200.0, "version": "1"}
    swept = {"seconds": 0.08, "first": 0.5, "pairs": 400, "rss_mb": 250.0, "trades_in_all": 9}
    cold = {"engine": "boyd", "run": "compile cold", "seconds": 0.01, "first": 11.0, "rss_mb": 1.0}
    rows = [
        {"engine": "boyd", "run": "rsi", **told, "ratio": 4.0, "bare": bare, "verdict": "same trades"},
        {"engine": "boyd", "run": "rsi-plain", **told, "ratio": 4.0, "bare": bare, "verdict": "same trades"},
        peers.row_of("boyd", "sweep", swept, [short], None),
        cold,
        {
            "engine": "backtesting.py",
            "run": "rsi",
            **told,
            "ratio": 600.0,
            "bare": bare,
            "verdict": "DIFFERS",
        },
        {"engine": "Jesse", "run": "-", "failed": "does not install: no wheel"},
    ]
    machine = {"processor": "P", "cores": 2, "memory_gb": 1, "system": "S", "python": "3", "load": 0.1}
    does = {"boyd": "everything"}
    return {
        "date": "2026-11-21", "machine": machine | {"load_after": 0.2}, "bars": BARS, "sweep_bars": 2_000,
        "does": does, "rows": rows,
    }  # fmt: skip


def test_the_report_renders_from_a_recorded_result() -> None:
    text = "\n".join(lines(report()))
    assert "Jesse           -              FAILED: does not install: no wheel" in text
    assert "boyd            sweep               5,000 pairs/s" in text
    assert "  backtesting.py rsi: DIFFERS" in text
    assert "  boyd: everything" in text
    assert "compile cold" in text


def test_aims_are_told_from_the_rows() -> None:
    assert aims(report()["rows"]) == [
        "aim met:    replay of rsi at 4.0x the bare kernel, at most 5x",
        "aim met:    5,000 pairs/s on two cores, at least 4,000",
        "aim met:    sweep in 250 MB, below 300",
        "aim MISSED: rsi uncompiled 0.01 s, backtesting.py 0.01 s",
        "aim MISSED: compile time 11.0 s cold, below 3",
    ]


def test_a_row_is_compared_to_the_faster_of_its_two_floors() -> None:
    floors = [{"seconds": each, "pairs": 1} for each in (0.004, 0.002)]
    assert peers.row_of("x", "y", {"seconds": 0.01}, floors, None)["ratio"] == pytest.approx(5.0)
    assert peers.row_of("x", "y", {"failed": "no"}, floors, None) == {
        "engine": "x",
        "run": "y",
        "failed": "no",
    }


def test_a_peer_that_does_not_install_is_told_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = "ERROR: No matching distribution found for nonsense\nhint: see above\n"
    failed = subprocess.CompletedProcess([""], 1, "", error)
    done = subprocess.CompletedProcess([""], 0, "", "")
    monkeypatch.setattr(engines, "execute", lambda words, *_: failed if "pip" in words else done)
    engine = Engine("Nonsense", "none.py", "nothing", ("nonsense",))
    found = environment(engine, tmp_path)
    assert found == "does not install: ERROR: No matching distribution found for nonsense"
    bench = peers.TrialRunner(tmp_path, 2_000, 2_000)
    assert list(bench.rows([engine])) == [{"engine": "Nonsense", "run": "-", "failed": found}]
    late = environment(engine._replace(python=(3, 99)), tmp_path)
    assert late == "needs Python 3.99 or newer, which is not on this machine"


def test_a_python_that_only_bears_the_name_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pyenv leaves a stand-in on the path for versions it has and was not told to use."""
    for folder, text in (("shims", "exit 127"), ("kept/versions/3.98.1/bin", "exit 0")):
        (tmp_path / folder).mkdir(parents=True)
        name = tmp_path / folder / ("python" if "kept" in folder else "python3.98")
        name.write_text(f"#!/bin/sh\n{text}\n")
        name.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "kept"))
    assert engines.interpreter((3, 98)) == str(tmp_path / "kept/versions/3.98.1/bin/python")
    (tmp_path / "kept/versions/3.98.1/bin/python").unlink()
    assert engines.interpreter((3, 98)) is None


def test_a_script_that_dies_is_told_with_its_last_line(tmp_path: Path) -> None:
    python = environment(engines.OURS, tmp_path)
    assert isinstance(python, Path)
    told = figures(engines.OURS, python, tmp_path / "none.npz", "rsi")
    assert "none.npz" in told["failed"]
    assert reason("") == ""


def test_an_engine_that_takes_too_long_is_stopped() -> None:
    done = engines.execute(["sleep", "5"], {}, 0.05)
    assert (done.returncode, done.stderr) == (1, "not done after 0.05 s")


def test_every_script_named_is_there() -> None:
    for engine in engines.PEERS:
        assert (engines.SCRIPTS / engine.script).is_file()
