"""The stopwatch's time is exclusive, and a session under it does what it would do without."""

from pathlib import Path

import pytest

from benchmarks.candles import SYMBOL, candles, write_series
from benchmarks.figures import Figure, ratio
from benchmarks.loop.floors import floors
from benchmarks.loop.memory import slope
from benchmarks.loop.sessions import Ready, journal_of, options_of, ready, run
from benchmarks.loop.stopwatch import DECIDE, JOURNAL, MACHINE, PACE, REFLECT, REST, STAGES, Stopwatch, timed
from domain.times import MINUTE_MS
from perception.driven.simulated import SimulatedSettings
from perception.files.candles import read_candles, symbol_of, timeframe_of

CYCLES = 400


def test_time_in_a_nested_stage_is_not_counted_twice() -> None:
    instants = iter([0, 5, 12, 20, 21])
    watch = Stopwatch(lambda: next(instants))
    outer = watch.switch(REFLECT)
    inner = watch.switch(JOURNAL)
    watch.switch(inner)
    watch.switch(outer)
    watch.switch(DECIDE)
    spent = {stage: time for stage, time in watch.spent.items() if time}
    assert spent == {REFLECT: 5 + 8, JOURNAL: 7, REST: 1}


def session(data: Path, home: Path) -> Ready:
    return ready(options_of(data, CYCLES, home), journal_of(None))


def test_the_watch_changes_nothing_and_accounts_for_all_of_the_run(tmp_path: Path) -> None:
    data = tmp_path / f"{SYMBOL}_1m_test.csv.gz"
    write_series(data, SimulatedSettings(), CYCLES + 260)
    plain, watched = session(data, tmp_path), session(data, tmp_path)
    watch = Stopwatch()
    without, under = run(plain), run(timed(watched, watch))
    assert under.cycles == without.cycles == CYCLES
    assert under.outcomes == without.outcomes
    assert under.outcomes.keys() >= {"held", "denied"}
    assert watched.session.state.ledger.account(None) == plain.session.state.ledger.account(None)
    assert watched.session.state.beliefs == plain.session.state.beliefs
    assert all(watch.spent[stage] > 0 for stage in STAGES if stage != "place")
    assert sum(watch.spent.values()) < under.wall * 1e9
    assert watch.spent[MACHINE] + watch.spent[PACE] < sum(watch.spent.values())


def test_a_made_series_is_a_recording_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOYD_SHARED_DATA", str(tmp_path))
    made = candles(tmp_path, 40)
    assert symbol_of(made.path) == SYMBOL
    assert timeframe_of(made.path) == MINUTE_MS
    assert len(list(read_candles(made.path))) == 40 + 252
    again = tmp_path / "again.csv.gz"
    write_series(again, SimulatedSettings(), 292)
    assert list(read_candles(again)) == list(read_candles(made.path))


def test_floors_are_positive_and_leave_no_file(tmp_path: Path) -> None:
    assert all(cost > 0 for cost in floors(tmp_path).values())
    assert list(tmp_path.iterdir()) == []


def test_ratios_are_taken_pass_by_pass() -> None:
    figure = ratio("cycle / floor", (10.0, 40.0, 90.0), (1.0, 2.0, 3.0))
    assert figure.values == (10.0, 20.0, 30.0)
    assert figure.plain()["median"] == 20.0
    with pytest.raises(ValueError, match="zip"):
        ratio("cycle / floor", (1.0,), (1.0, 2.0))
    assert "aim" not in Figure("x", "us", (1.0,)).plain()


def test_the_slope_is_that_of_the_line_and_noise_around_it() -> None:
    assert slope([(0, 100), (10, 120), (20, 140)]) == pytest.approx(2.0)
    assert slope([(0, 100), (10, 90), (20, 110), (30, 100)]) == pytest.approx(0.2)
    assert slope([(0, 100)]) == 0.0
