"""The promise: `--memory` bounds what a backtest makes of candles, of votes, and the pages it maps."""

import re
import tempfile
import tracemalloc
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.settings.given import Settings
from agent.wiring.backtests import options_for, setup_of
from domain.errors import BadInput
from domain.times import MINUTE_MS
from research.data.candles import Candles
from research.data.catalogue import Catalogue
from research.engine import in_parts, vote_rows
from research.engine.backtest import Setup, backtest
from research.engine.backtest import opened as backtest_opened
from research.engine.compiler import compiled
from research.engine.in_parts import bytes_of
from research.engine.layout import TRADE_ROW, VETO_ROW
from research.engine.result import Result
from research.engine.tape_parts import TapeSource
from research.engine.vote_rows import VoteRows
from tests.research.made import instrument, walk

VOTE = 64
"""Bytes of a vote of one voice."""
TABLES = 120_000
"""Bytes of numbers of sessions, parameters and code that any backtest makes."""


def minutes(symbols: int, count: int) -> list[Candles]:
    return [walk(f"C{place}-USDT", count, seed=place) for place in range(symbols)]


def voting(candles: Sequence[Candles]) -> Setup:
    own = {"period": 2, "lower": 49, "upper": 51}
    return setup_of(options_for(Settings(reasoning={"strategies": ("rsi",), "rsi": own}), candles))


def result_bytes(result: Result, votes: int) -> int:
    """Return the bytes of a result as it is written, with room for a trade and a veto a vote."""
    room = 8 * (TRADE_ROW + VETO_ROW) * votes
    return room + 2 * result.equity.nbytes


@pytest.mark.parametrize("times", [1.0, 2.0])
def test_what_is_made_of_candles_and_votes_stays_within_the_bound(
    times: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles = minutes(6, 20_000)
    setup, least = voting(candles), bytes_of(candles[:1], compiled())

    def opened(head: Any, asked: Setup, counts: Sequence[int]) -> Any:
        counted.extend(counts)
        return backtest_opened(head, asked, counts)

    backtest([each[:3_000] for each in candles], setup, compiled())
    memory = int(times * least)
    counted: list[int] = []
    monkeypatch.setattr(in_parts, "opened", opened)
    tracemalloc.start()
    try:
        result = backtest(candles, setup, compiled(), memory)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    votes = sum(counted)
    assert votes * VOTE > memory // 3, "of so many that they are a large part of it"
    assert most < memory + result_bytes(result, votes) + TABLES


def test_of_mapped_candles_the_pages_of_one_symbol_are_there_at_a_time(tmp_path: Path) -> None:
    catalogue, count = Catalogue(tmp_path), 60_000
    for each in minutes(2, count):
        catalogue.add(each, "made", datetime(2026, 1, 1, tzinfo=UTC))
    grid = instrument("C0-USDT")
    sources = [TapeSource(catalogue.mapped(f"C{place}-USDT", MINUTE_MS), grid, 100) for place in range(2)]
    for source in sources:
        source.drop()
    before = mapped(tmp_path)
    parts = [source.part(20_000, 40_000) for source in sources]
    assert mapped(tmp_path) == before
    assert all(len(part.tape.close) > 20_000 for part in parts)
    assert sum(int(part.tape.volume.sum()) + int(part.tape.turn_ms[0]) for part in parts) > 0
    assert mapped(tmp_path) == before, "a part is no view of what is mapped"
    assert sources[0].whole.volume.sum() > 0
    assert mapped(tmp_path) > before, "the pages of a mapping are counted here"


def mapped(folder: Path) -> int:
    """Return the kilobytes that are resident of the files of a folder which are mapped."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"^[0-9a-f]+-", line):
            ours = str(folder) in line
        elif ours and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total


def test_rows_beyond_the_bound_are_read_from_a_file() -> None:
    rows = np.arange(60, dtype=np.int64).reshape(20, 3), np.linspace(0.0, 1.0, 20)
    with vote_rows.vote_rows(rows[0].nbytes) as kept:
        reads = [kept.keep(each) for each in (*rows, np.zeros((0, 3)))]
        assert kept.held == rows[0].nbytes
        for each, read in zip(rows, reads, strict=False):
            for run in (slice(0, 20), slice(7, 12), slice(5, 5)):
                assert read(run).dtype == each.dtype
                assert read(run).tolist() == each[run].tolist()
        assert reads[2](slice(0, 0)).shape == (0, 3)


def test_where_no_file_can_be_written_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(BadInput, match=r"gone has no room .* No such file .* larger memory, .* TMPDIR"):
        VoteRows(0).keep(np.zeros(3))


def test_rows_that_stay_let_go_of_the_array_they_were_part_of() -> None:
    whole = np.zeros((500, 2))
    gone = weakref.ref(whole)
    read = VoteRows(10**6).keep(whole[:3])
    del whole
    assert gone() is None
    assert read(slice(1, 3)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
