"""What lies before a range warms up, each strategy as long as it needs, and what is left is told."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.cli.handlers.inputs import ResearchRequest, gather
from domain.errors import BadInput
from domain.times import DAY_MS, HOUR_MS
from reasoning.minds import StrategyRunner
from reasoning.settings import ReasoningSettings
from research.data.candles import Candles
from research.data.lead import with_lead
from research.data.resample import resample
from tests.research.made import START, walk

DAYS = walk("MSFT", 500, DAY_MS)


def at(day: int) -> int:
    return START + day * DAY_MS


@pytest.mark.parametrize(
    ("begin", "needed", "wished", "warmup", "first", "said"),
    [
        (400, 64, 250, 250, 400, 0),
        (100, 64, 250, 100, 100, 0),
        (100, 64, 64, 64, 100, 0),
        (40, 64, 250, 64, 64, 1),
        (0, 64, 250, 64, 64, 1),
    ],
)
def test_candles_before_a_range_warm_up_and_are_not_traded(
    begin: int, needed: int, wished: int, warmup: int, first: int, said: int
) -> None:
    found = with_lead([DAYS], (at(begin), None), needed, wished)
    (candles,) = found.candles
    assert found.warmup == warmup
    assert candles.time[found.warmup] == at(first)
    assert candles.time[-1] == DAYS.time[-1]
    assert len(found.notes) == said
    assert not said or f"{begin} of the 64 candles of warm-up lie before the range" in found.notes[0]


def test_without_a_range_only_what_is_needed_is_taken_and_nothing_said() -> None:
    found = with_lead([DAYS], (None, None), 64, 250)
    assert (found.warmup, found.notes, len(found.candles[0])) == (64, [], 500)
    until = with_lead([DAYS], (None, at(100)), 64, 250)
    assert (until.warmup, len(until.candles[0]), until.notes) == (64, 100, [])


def test_of_several_series_all_have_the_same_warm_up_and_the_short_one_is_named() -> None:
    late = Candles("AAPL", DAY_MS, *(getattr(DAYS, name)[380:] for name in
                                     ("time", "open", "high", "low", "close", "volume")))  # fmt: skip
    found = with_lead([DAYS, late], (at(400), None), 64, 250)
    assert found.warmup == 64
    assert [int(each.time[64]) for each in found.candles] == [at(400), at(444)]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("AAPL: 20 of the 64")


def test_a_range_that_leaves_little_says_so_and_one_that_leaves_nothing_is_refused() -> None:
    found = with_lead([DAYS], (at(400), at(405)), 64, 250)
    assert found.notes == ["only 5 cycles are left behind a warm-up of 250 candles"]
    with pytest.raises(
        BadInput, match="30 candles, and the warm-up alone takes 64: nothing is left to trade"
    ):
        with_lead([DAYS], (None, at(30)), 64, 250)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    hours = walk("BTC-USDT", 24 * 500, HOUR_MS)
    path = tmp_path / "BTC-USDT_1h_made.csv"
    rows = zip(hours.time.tolist(), hours.open, hours.high, hours.low, hours.close, hours.volume, strict=True)
    path.write_text(
        "timestamp,open,high,low,close,volume\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    )
    return path


@pytest.mark.parametrize("strategy", ["rsi", "sma", "liquidity-sweep"])
@pytest.mark.parametrize(("sets", "least"), [((), 0), (("perception.warmup_candles=200",), 200)])
def test_each_strategy_has_its_own_warm_up_unless_more_is_set(
    file: Path, tmp_path: Path, strategy: str, sets: tuple[str, ...], least: int
) -> None:
    own = StrategyRunner(ReasoningSettings(strategies=(strategy,))).candles_needed
    asked: dict[str, Any] = {"strategies": (strategy,), "data": (file,), "sets": sets, "home": tmp_path}
    found = gather(ResearchRequest(**asked))
    assert found.options.perception.warmup_candles == max(own, least)
    assert len(found.candles[0]) == 24 * 500


def test_a_range_of_longer_candles_is_warmed_by_those_before_it(file: Path, tmp_path: Path) -> None:
    """Daily candles of a year's range began a year late: the warm-up ate the range."""
    day = f"{datetime.fromtimestamp(at(300) / 1000, UTC):%Y%m%d}"
    found = gather(ResearchRequest(("rsi",), (file,), timerange=f"{day}-", timeframe="1d", home=tmp_path))
    (candles,) = found.candles
    assert candles.time[found.options.perception.warmup_candles] == at(300)
    whole = resample(walk("BTC-USDT", 24 * 500, HOUR_MS), DAY_MS)
    assert np.array_equal(candles.close, whole.close[-len(candles) :])
