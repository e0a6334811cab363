"""The promise: whoever makes the trials, and whoever dies meanwhile, the results are the same bytes."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from domain.errors import BadInput, LocalFault
from reasoning.strategies.sma import SMA
from research.engine.backtest import BacktestVoice
from research.search import executor_threads, work_queue
from research.search.executor_processes import Processes
from research.search.executor_threads import One, Threads
from research.search.executors import engine_named
from research.search.grid import Grid, grid_of
from research.search.sweep import Job, Scores, Task, TrialScores, Worker, job_of, sweep
from research.statistics.scoring import FIELDS
from tests.research.searching import DEADLY, setup_for, walk


def work(ranges: tuple[str, ...] = ("fast=5:24:1", "slow=30:49:1"), count: int = 6_000) -> tuple[Job, Grid]:
    candles = [walk(count)]
    grid = grid_of(SMA, list(ranges))
    return job_of(candles, setup_for(candles), grid.trials), grid


def same(one: Scores, other: Scores) -> bool:
    tables = one.table.tobytes() == other.table.tobytes() and one.daily.tobytes() == other.daily.tobytes()
    return tables and one.trials == other.trials


def folders() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("boyd-sweep-*"))


def test_pieces_of_any_size_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    job, grid = work(count=1_500)
    found = [sweep(One(), job, grid.trials)]
    for size in (1, 7, 1_000):
        monkeypatch.setattr(work_queue.WorkQueue, "_size", lambda _board, size=size: size)
        found.append(sweep(One(), job, grid.trials[::-1]))
    assert all(same(found[0], each) for each in found)


def test_who_hands_out_pieces_keeps_short_ones_and_none_that_was_lost() -> None:
    made: list[int] = []
    pieces = work_queue.WorkQueue([Task((None, None), tuple((n,) for n in range(1_000)))], 2, made.append)
    assert pieces.own_chunk() is None, "nobody knows yet how long a piece may be"
    first = pieces.chunk()
    assert first is not None
    pieces.complete(first, TrialScores(np.zeros((4, FIELDS)), np.zeros((4, 1))), 0.04)
    own = pieces.own_chunk()
    assert own is not None
    assert (own.first, len(own.work.packs)) == (4, 10)
    pieces.requeue(own, "died")
    other = pieces.own_chunk()
    assert other is not None
    assert other.first == 14
    assert pieces.chunk() == own
    pieces.complete(other, TrialScores(np.zeros((10, FIELDS)), np.zeros((10, 1))), 0.001)
    assert pieces.own_chunk() is None, "so little is left that the helpers should end it"


def test_an_answer_is_copied_to_its_rows_and_let_go() -> None:
    """Held until the end, a sweep's answers filled the store of a Ray node, which then wrote them to disk."""
    rows = np.array([3, 0, 2, 1, 4])
    pieces = work_queue.WorkQueue(
        [Task((None, None), tuple((n,) for n in range(5)), rows)], 2, lambda _: None
    )
    held = []
    while (chunk := pieces.chunk()) is not None:
        made = np.array(chunk.work.packs, dtype=float)
        answer = TrialScores(np.tile(made, FIELDS), made.copy())
        held.append(weakref.ref(answer.daily))
        pieces.complete(chunk, answer, 1.0)
        del answer
    assert len(held) == 2
    assert not any(each() is not None for each in held)
    answer = pieces.answers()[0]
    assert answer.daily[:, 0].tolist() == answer.table[:, -1].tolist() == [1, 3, 2, 0, 4]


def test_pieces_shrink_towards_the_end_so_that_no_worker_waits_long_for_another() -> None:
    pieces = work_queue.WorkQueue([Task((None, None), ((1,),) * 10_000)], 2, lambda _: None)
    speed, ends, sizes = (700.0, 1_000.0), [0.0, 0.0], []
    ahead = [pieces.chunk() for _ in range(4)]
    while ahead:
        chunk, who = ahead.pop(0), ends.index(min(ends))
        assert chunk is not None
        sizes.append(len(chunk.work.packs))
        ends[who] += sizes[-1] / speed[who]
        answer = TrialScores(np.zeros((sizes[-1], FIELDS)), np.zeros((sizes[-1], 1)))
        pieces.complete(chunk, answer, sizes[-1] / speed[who])
        ahead.extend([] if (following := pieces.chunk()) is None else [following])
    assert pieces.over
    assert abs(ends[0] - ends[1]) < 3 * work_queue.LEAST_SECONDS
    assert len(sizes) < 60


def sweepers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("boyd-sweep")]


@pytest.mark.parametrize("surely", [0, executor_threads.SURELY])
def test_threads_come_to_the_same_and_work_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch, surely: int
) -> None:
    """The first piece of a thread waits for that of another: one thread at a time would never get on."""
    monkeypatch.setattr(executor_threads, "SURELY", surely)
    job, grid = work()
    meeting, met = threading.Barrier(2), threading.Event()
    work_alone = Worker.work

    def work_together(worker: Worker, task: Task) -> TrialScores:
        if threading.current_thread() in sweepers() and not met.is_set():
            meeting.wait(timeout=30)
            met.set()
        return work_alone(worker, task)

    monkeypatch.setattr(Worker, "work", work_together)
    found = sweep(Threads(2), job, grid.trials)
    assert met.is_set()
    monkeypatch.setattr(Worker, "work", work_alone)
    assert same(found, sweep(One(), job, grid.trials))
    assert not sweepers()


def test_ctrl_c_ends_the_threads() -> None:
    job, grid = work()
    made: list[int] = []

    def interrupt(done: int) -> None:
        made.append(done)
        if sweepers():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(Threads(2), job, grid.trials, interrupt)
    assert 0 < made[-1] < len(grid.trials)
    assert not sweepers()


def test_what_is_wrong_in_a_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    job, grid = work()
    work_alone = Worker.work

    def fail(worker: Worker, task: Task) -> TrialScores:
        if threading.current_thread() in sweepers():
            raise LocalFault("the disk is full")
        return work_alone(worker, task)

    monkeypatch.setattr(Worker, "work", fail)
    with pytest.raises(LocalFault, match="the disk is full"):
        sweep(Threads(2), job, grid.trials)
    assert not sweepers()


def test_of_two_pieces_that_fail_the_first_trials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_threads, "SURELY", 0)
    job, grid = work()
    first, later, work_alone = [*grid.trials[0].packed], threading.Event(), Worker.work

    def fail(worker: Worker, task: Task) -> TrialScores:
        if threading.current_thread() not in sweepers():
            return work_alone(worker, task)
        if [*task.packs[0]] == first:
            assert later.wait(timeout=30)
            raise LocalFault("the first piece")
        later.set()
        raise LocalFault("a later piece")

    monkeypatch.setattr(Worker, "work", fail)
    with pytest.raises(LocalFault, match="the first piece"):
        sweep(Threads(2), job, grid.trials)
    assert not sweepers()


def test_who_works_is_chosen_by_what_there_is_to_run() -> None:
    assert isinstance(engine_named(None), Threads)
    assert isinstance(engine_named(None, machine=False), Processes)
    assert isinstance(engine_named("processes"), Processes)


def test_processes_come_to_the_same_though_one_is_killed() -> None:
    job, grid = work()
    before = folders()
    killed: list[int] = []

    def kill_one(_done: int) -> None:
        children = multiprocessing.active_children()
        if children and not killed:
            killed.append(children[0].pid or 0)
            children[0].kill()

    found = sweep(Processes(2, worth_it=0.0), job, grid.trials, kill_one)
    assert killed
    assert same(found, sweep(One(), job, grid.trials))
    assert not multiprocessing.active_children()
    assert folders() == before


def test_trials_that_end_their_process_every_time_are_named() -> None:
    job, grid = work(("fast=5", "slow=21:40:1"), 600)
    job = replace(
        job,
        machine=False,
        setup=replace(job.setup, voices=(BacktestVoice(DEADLY, job.setup.voices[0].packed),)),
    )
    spare = [trial for trial in grid.trials if trial.packed.slow != 40]  # type: ignore[attr-defined]
    deadly = [trial for trial in grid.trials if trial.packed.slow == 40]  # type: ignore[attr-defined]
    # The first pieces are made here, where it does not die: it has to come late, in whatever order.
    late = [trial._replace(parameters=(("fast", 99),)) for trial in deadly]
    with pytest.raises(LocalFault, match=r"failed 4 times, the limit is 3 retries: .* exit code 9"):
        sweep(Processes(2, worth_it=0.0), job, [*spare, *late])
    assert not multiprocessing.active_children()


def test_ctrl_c_ends_the_processes_and_leaves_nothing() -> None:
    job, grid = work()
    before = folders()

    def interrupt(_done: int) -> None:
        if multiprocessing.active_children():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(Processes(2, worth_it=0.0), job, grid.trials, interrupt)
    assert not multiprocessing.active_children()
    assert folders() == before


def test_what_is_wrong_in_a_worker_is_told() -> None:
    job, grid = work(count=200)
    with pytest.raises(BadInput, match="warm-up"):
        sweep(Processes(2, worth_it=0.0), job, grid.trials)


def test_bad_engines_are_refused() -> None:
    with pytest.raises(BadInput, match="engine 'two' is not one of one, threads, processes, ray"):
        engine_named("two")
    for name in ("threads", "processes"):
        with pytest.raises(BadInput, match="workers 0 must be at least 1"):
            engine_named(name, 0)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadInput, match="needs the extra scale: make setup"):
        engine_named("ray")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start two nodes of one processor on this machine."""
    pytest.importorskip("ray", reason="ray is not installed (extra `scale`)")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    import ray  # noqa: PLC0415  # an extra, and heavy
    from ray.cluster_utils import Cluster  # noqa: PLC0415  # as above

    # A dead node is found out in seconds, not in half a minute.
    names = ("initial_delay_ms", "period_ms", "timeout_ms")
    quick = {f"health_check_{name}": 500 for name in names} | {"health_check_failure_threshold": 3}
    head = {"num_cpus": 1, "include_dashboard": False, "_system_config": quick}
    before = signal.getsignal(signal.SIGTERM)  # Ray makes it its own, and leaves it so
    started: Any = Cluster(initialize_head=True, head_node_args=head)
    started.second = started.add_node(num_cpus=1)
    ray.init(address=started.address, log_to_driver=False, configure_logging=False)
    yield started
    ray.shutdown()
    signal.signal(signal.SIGTERM, before)
    started.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_a_ray_cluster_comes_to_the_same_though_a_worker_and_a_node_die(
    cluster: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(work_queue.WorkQueue, "_size", lambda _board: 50)
    job, grid = work(("fast=5:44:1", "slow=50:99:1"))
    capsys.readouterr()
    killed: list[str] = []

    def kill(done: int) -> None:
        if done == 100:
            killed.extend(_kill_a_worker())
        if done == 200:
            cluster.remove_node(cluster.second, allow_graceful=False)
            killed.append("node")

    found = sweep(engine_named("ray", address=cluster.address), job, grid.trials, kill)
    assert killed == ["worker", "node"]
    assert capsys.readouterr().out == "", "the deaths are told beside the results"
    assert same(found, sweep(One(), job, grid.trials))


def _kill_a_worker() -> list[str]:
    """Kill a process that works for us on the cluster."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        if "ray::_work" in " ".join(process.cmdline()[:1]):
            process.kill()
            return ["worker"]
    return []
