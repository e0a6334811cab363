"""Floors: the least that the libraries and the disk under the loop cost, measured beside it.

A floor is the thing itself and nothing around it: a trigger of a bare `transitions` machine of the
same table, a frozen `msgspec` struct of six fields, a commit of one row with the journal's
guarantees. What computes is timed by the processor, what waits for the disk by the wall clock.
Each is the median of short batches, so a stolen time slice does not move it.
"""

import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
from transitions import Machine

from agent.loop.machine import IDLE, STATES, TABLE

BATCHES = 25
ROW_BYTES = 900
"""About what a cycle without an order writes."""
ROUND = ("wake", "observed", "decided", "denied", "learned")
INSTANT = datetime(2024, 1, 1, tzinfo=UTC)


class Bare(msgspec.Struct, frozen=True):
    """A message as the loop makes them, of plain fields."""

    cycle_id: int
    symbol: str
    at: datetime
    score: float
    confidence: float
    reason: str


class _Model:
    """The model that the bare machine moves."""


def per_call(
    function: Callable[[], object], calls: int, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the microseconds of one call, as the median of BATCHES batches of `calls` calls."""
    return median(_batch(function, calls, clock) for _ in range(BATCHES))


def _batch(function: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    begun = clock()
    for _ in range(calls):
        function()
    return (clock() - begun) / calls * 1e6


def trigger_us() -> float:
    """Return the cost of one trigger of a bare machine with the loop's table."""
    model = _Model()
    Machine(
        model=model,
        states=list(STATES),
        transitions=[arrow._asdict() for arrow in TABLE],
        initial=IDLE,
        auto_transitions=False,
    )
    triggers = [getattr(model, name) for name in ROUND]

    def go_round() -> None:
        for trigger in triggers:
            trigger()

    return per_call(go_round, calls=40) / len(ROUND)


def struct_us() -> float:
    """Return the cost of making one frozen struct of six fields."""
    return per_call(lambda: Bare(1, "BTC-USDT", INSTANT, 0.0, 0.0, "no voice voted"), calls=1000)


def commit_us(folder: Path, commits: int = 8) -> float:
    """Return the cost of one durable SQLite commit of one row on the disk under `folder`."""
    path = folder / "floor.db"
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("CREATE TABLE IF NOT EXISTS floor (seq INTEGER PRIMARY KEY, payload BLOB)").close()
        payload = bytes(ROW_BYTES)

        def commit() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO floor (payload) VALUES (?)", (payload,))
            connection.execute("COMMIT")

        return per_call(commit, commits, time.perf_counter)
    finally:
        connection.close()
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            name.unlink(missing_ok=True)


def floors(folder: Path) -> dict[str, float]:
    """Return every floor in microseconds."""
    return {"trigger_us": trigger_us(), "struct_us": struct_us(), "commit_us": commit_us(folder)}
