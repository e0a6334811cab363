"""The promise: a study can be stopped, gone on with and shared; it never sees the last part of its data."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from domain.errors import BadInput
from reasoning.strategies.rsi import RSI
from reasoning.strategies.sma import SMA, SmaParams
from research.data.candles import Candles
from research.search.optimise import Studied, cut, optimise
from research.search.space import Axis, space_of
from research.search.study import MOST_TRIALS, SEGMENTS, Search
from research.search.sweep import Job
from tests.agent.command import agent
from tests.research.searching import YEAR, bitcoin, setup_for, walk
from tests.seeded import saved
from tests.shared import free_port

SHARED = 20
"""Trials of a study that two processes make together."""


def candles() -> Candles:
    return walk(24 * 100, 3)


def search(folder: Path, trials: int = 12, **given: Any) -> Search:
    space = space_of(SMA, ["fast=3:20", "slow=15:60"])
    start = Search(space, SmaParams(fast=5, slow=20), "study", f"sqlite:///{folder / 's.db'}", trials, seed=4)
    return start._replace(**given)


def job(series: Candles | None = None, **given: Any) -> Job:
    series = series or candles()
    return Job([series], setup_for([series], **given))


def stored(folder: Path) -> list[Any]:
    return trials_in(f"sqlite:///{folder / 's.db'}")


def trials_in(url: str) -> list[Any]:
    """Return a study's trials and leave no connection open."""
    storage = optuna.storages.RDBStorage(url)
    try:
        return optuna.load_study(study_name="study", storage=storage).trials
    finally:
        storage.remove_session()
        storage.engine.dispose()


@pytest.mark.parametrize(("ranges", "combinations"), [(["fast=5:5"], 1), (["fast=4:8:2", "slow=20,30"], 6)])
def test_a_study_ends_when_every_combination_was_tried(
    tmp_path: Path, ranges: list[str], combinations: int
) -> None:
    space = space_of(SMA, ranges)
    found = optimise(job(), search(tmp_path, 300, space=space))
    assert found.exhausted
    assert len({tuple(sorted(each.params.items())) for each in stored(tmp_path)}) == combinations
    before = len(stored(tmp_path))
    assert before < 300
    assert optimise(job(), search(tmp_path, 300, space=space)).exhausted
    assert len(stored(tmp_path)) == before
    assert not optimise(job(), search(tmp_path, 2, name="short")).exhausted


def test_any_number_of_a_range_has_no_last_combination() -> None:
    assert Axis((), 0.5, 1.0).size == np.inf
    assert Axis((), 0.5, 0.5).size == 1
    assert Axis((), 0.1, 0.7, 0.2).size == 4


def test_what_is_unseen_changes_nothing_of_the_search(tmp_path: Path) -> None:
    series = candles()
    segments, unseen = cut(job(series))
    assert unseen[0] == segments[-1][1]
    place = int(np.searchsorted(series.time, unseen[0] or 0))
    assert 0.25 < 1 - place / len(series) < 0.35
    last: dict[str, Any] = {name: getattr(series, name).copy() for name in ("open", "high", "low", "close")}
    for column in last.values():
        column[place:] *= 2.0
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    found = [
        optimise(job(each), search(tmp_path / name))
        for name, each in (("a", series), ("b", replace(series, **last)))
    ]
    assert found[0].best == found[1].best
    assert found[0].value == found[1].value
    assert found[0].inside == found[1].inside


def test_every_segment_is_reported_and_bad_trials_are_given_up(tmp_path: Path) -> None:
    found = optimise(job(), search(tmp_path, 24))
    trials = [each for each in stored(tmp_path) if "invalid" not in each.user_attrs]
    complete = [each for each in trials if each.state == TrialState.COMPLETE]
    pruned = [each for each in trials if each.state == TrialState.PRUNED]
    assert (len(complete), len(pruned)) == (found.counts["complete"], found.counts["pruned"])
    assert all(sorted(each.intermediate_values) == list(range(SEGMENTS)) for each in complete)
    assert all(1 <= len(each.intermediate_values) < SEGMENTS for each in pruned)
    assert pruned
    assert all(each.intermediate_values[SEGMENTS - 1] == each.value for each in complete)
    assert found.value == max(each.value for each in complete)


def test_a_study_goes_on_where_it_was_and_the_same_seed_finds_the_same(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    half = optimise(job(), search(tmp_path / "a", 12))
    assert half.counts["complete"] + half.counts["pruned"] == 12
    whole = optimise(job(), search(tmp_path / "a", 16))
    assert whole.counts["complete"] + whole.counts["pruned"] == 16
    assert whole.value >= half.value
    optimise(job(), search(tmp_path / "b", 12))
    first, again = stored(tmp_path / "a")[:12], stored(tmp_path / "b")[:12]
    assert [each.params for each in first] == [each.params for each in again]
    nothing_left = optimise(job(), search(tmp_path / "a", 16))
    assert nothing_left.best == whole.best


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    def interrupt(done: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    found = optimise(job(), search(tmp_path), interrupt)
    assert found.interrupted
    assert found.counts["complete"] + found.counts["pruned"] == 7
    assert not optimise(job(), search(tmp_path)).interrupted


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("data", {"job": lambda: job(walk(24 * 100, 8))}),
        ("settings", {"job": lambda: job(paper={"cash": 5_000})}),
        ("score", {"criterion": "calmar"}),
        ("search", {"space": space_of(SMA, ["fast=3:21"])}),
    ],
)
def test_a_study_of_something_else_is_refused(tmp_path: Path, what: str, other: dict[str, Any]) -> None:
    optimise(job(), search(tmp_path, 3))
    before = (tmp_path / "s.db").read_bytes()
    belongs = other.pop("job", job)()
    with pytest.raises(BadInput, match=f"study 'study' belongs to other {what}: .+, not .+"):
        optimise(belongs, search(tmp_path, 3, **other))
    assert len(stored(tmp_path)) >= 3
    assert (tmp_path / "s.db").read_bytes() == before


def test_a_study_of_another_strategy_is_refused(tmp_path: Path) -> None:
    optimise(job(), search(tmp_path, 3))
    series = candles()
    other = Job([series], setup_for([series], "rsi"))
    space = space_of(RSI, ["period=5:20"])
    with pytest.raises(BadInput, match="belongs to other strategy: sma, not rsi"):
        optimise(other, search(tmp_path, 3, space=space, base=RSI.params()))


def test_bad_searches_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="trials 0 must be at least 1"):
        optimise(job(), search(tmp_path, 0))
    with pytest.raises(BadInput, match="trials 100001 must be at least 1 and at most 100000"):
        optimise(job(), search(tmp_path, MOST_TRIALS + 1))
    with pytest.raises(BadInput, match="seed -1 must be at least 0"):
        optimise(job(), search(tmp_path)._replace(seed=-1))
    with pytest.raises(BadInput, match=r"timeout -1 s must be above 0"):
        optimise(job(), search(tmp_path, timeout=-1.0))
    with pytest.raises(BadInput, match="study storage nonsense:"):
        optimise(job(), search(tmp_path, storage="nonsense"))
    with pytest.raises(BadInput, match="study storage sqlite"):
        optimise(job(), search(tmp_path, storage=f"sqlite:///{tmp_path}/no/such/folder/s.db"))
    with pytest.raises(BadInput, match="a study needs 50 candles behind a warm-up of 250; there are 280"):
        optimise(job(walk(280)), search(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_space_lies_within_the_limits() -> None:
    assert space_of(SMA, ["fast=5:50", "slow=60:90:10"]) == {
        "fast": Axis((), 5, 50, None, whole=True),
        "slow": Axis((), 60, 90, 10, whole=True),
    }
    assert space_of(SMA, [], SmaParams(fast=4, slow=2_000))["slow"].high == 5_000
    assert "stop_ppm" not in space_of(SMA, [])
    for text, said in (("fast=1:50", "must be at least 2"), ("fast=50:5", "lies before its start"),
                       ("slow=9:99:0.5", "so must its step be"), ("fast=5:9:x", "the step x")):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            space_of(SMA, [text])


def share(storage: str, seed: int) -> None:
    """Take part in a study; runs in a process of its own."""
    found: Studied = optimise(job(), search(Path(), SHARED, storage=storage, seed=seed))
    assert found.counts["complete"] > 0


def together(storage: str) -> None:
    context = multiprocessing.get_context("spawn")
    other = context.Process(target=share, args=(storage, 1))
    other.start()
    share(storage, 2)
    other.join(60)
    assert other.exitcode == 0


def check_shared(storage: str) -> None:
    trials = trials_in(storage)
    finished = [each for each in trials if each.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    counted = [each for each in finished if "invalid" not in each.user_attrs]
    assert SHARED <= len(counted) <= SHARED + 1  # the other one may have been at its last
    assert [each.number for each in trials] == list(range(len(trials)))


def test_two_processes_share_a_study_in_sqlite(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path / 's.db'}"
    together(storage)
    check_shared(storage)


@pytest.fixture
def postgres() -> Iterator[str]:
    """Start a PostgreSQL server from the system's packages, as somebody without rights."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql")
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra `scale`)")
    tools, nobody = found[-1].parent, _nobody()
    data = Path(tempfile.mkdtemp(prefix="boyd-pg-"))  # pytest's own folders are closed to nobody
    if nobody:
        subprocess.run(["chown", nobody["user"], str(data)], check=True)
    port = free_port()
    options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(tools / "pg_ctl"), "-D", str(data)]
    made = subprocess.run(
        [str(tools / "initdb"), "-D", str(data), "-U", "boyd", "-A", "trust", "--no-sync", "-E", "UTF8"],
        capture_output=True, text=True, check=False, cwd="/", **nobody,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"initdb cannot run here: {made.stderr.strip()}")
    log = str(data / "log")
    subprocess.run([*control, "-w", "-l", log, "-o", options, "start"], check=True, cwd="/",
                   stdout=subprocess.DEVNULL, **nobody)  # fmt: skip
    yield f"postgresql+psycopg://boyd@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd="/",
                   stdout=subprocess.DEVNULL, **nobody)  # fmt: skip
    shutil.rmtree(data)


def _nobody() -> dict[str, Any]:
    """Return how to run a process without rights, when the tests run with all of them."""
    return {"user": "nobody"} if os.geteuid() == 0 else {}


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the packages of a Linux system")
def test_two_processes_share_a_study_in_postgresql(postgres: str) -> None:
    together(postgres)
    check_shared(postgres)


def test_the_command_searches_goes_on_and_leaves_evidence(tmp_path: Path) -> None:
    (data,) = saved(tmp_path, bitcoin(YEAR))
    words = ("optimize", "--strategy", "sma", "--data", data, "--timerange", "20200101-20200831",
             "--study", "night", "--range", "fast=5:30", "--range", "slow=40:90")  # fmt: skip
    shown = agent(tmp_path, *words, "--trials", "12").stdout
    assert "in sample" in shown
    assert "out of sample" in shown
    assert (tmp_path / "studies" / "night.evidence.json").exists()
    refused = agent(tmp_path, *words[:6], "20200501-20201231", *words[7:], check=2)
    assert "belongs to other data" in refused.stderr
