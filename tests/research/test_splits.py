"""A share's split is no loss: adjusted by what the file or a person says, else refused everywhere."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from domain.errors import BadInput
from domain.times import DAY_MS, millis, utc
from perception.files.candles import HEADER
from research.data.candles import Candles
from research.data.flaws import flaws
from research.data.splits import adjusted, doubts, real_jumps, since_doubt, splits_of, sure, unsplit
from tests.agent.command import agent
from tests.seeded import market, present, saved

SPLITS = {"2000-06-21": 2.0, "2000-09-29": 2.0, "2005-02-28": 2.0, "2014-06-09": 7.0}
"""Where the series below falls as by a split; that of September 2000 stands for a real fall."""
SAID = "20000621=2,20000929=1,20050228=2,20140609=7"


def share(prices: list[float], symbol: str = "ABC") -> Candles:
    closes = np.array(prices)
    times = millis(datetime(2024, 1, 1, tzinfo=UTC)) + DAY_MS * np.arange(len(prices), dtype=np.int64)
    return Candles(
        symbol, DAY_MS, times, closes, closes * 1.01, closes * 0.99, closes, np.full(len(closes), 100.0)
    )


@cache
def apple() -> Candles:
    """Return days of a share that splits as Apple's did, at the prices that were paid."""
    first, last = (millis(datetime(*day, tzinfo=UTC)) for day in ((1998, 1, 2), (2018, 12, 31)))
    days = np.array([at for at in range(first, last + 1, DAY_MS) if utc(at).isoweekday() < 6])
    places = np.arange(len(days))
    close = 101.0 + 4.0 * np.sin(places / 40.0) + 0.3 * np.sin(places / 2.0)
    opened = np.concatenate([close[:1], close[:-1]]) + 0.1
    high, low = np.maximum(opened, close) * 1.004, np.minimum(opened, close) * 0.996
    factor = np.ones(len(days))
    for day, split in SPLITS.items():
        factor[days >= millis(datetime.fromisoformat(day).replace(tzinfo=UTC))] /= split
    o, h, l, c = (np.round(column * factor * 28, 2) for column in (opened, high, low, close))  # noqa: E741  # the field's letters
    return Candles("AAPL", DAY_MS, days, o, h, l, c, np.full(len(days), 1_000.0))


REAL = [market(name, count) for name, count in present(("equities/1d/AAPL_1d_1998-2018.csv.gz", 10**6))]


@pytest.mark.parametrize("candles", [apple(), *REAL], ids=lambda candles: f"{len(candles)} days")
def test_apples_splits_are_found_and_its_real_fall_can_be_said(candles: Candles) -> None:
    assert [str(each.split) for each in doubts(candles)] == ["2:1", "2:1", "2:1", "7:1"]
    with pytest.raises(BadInput) as refused:
        sure(candles)
    assert "--splits 20000621=2,20000929=2,20050228=2,20140609=7, with 1 for a day" in str(refused.value)
    told = unsplit(candles, [SAID])
    assert sure(told, real_jumps([SAID])) is told
    assert [flaw.kind for flaw in flaws(told)].count("jump") == 1  # the fall of September 2000
    assert told.close[-1] == candles.close[-1]
    assert told.close[0] == candles.close[0] / 28
    assert told.volume[0] == candles.volume[0] * 28


def test_a_split_costs_nothing_once_it_is_said_and_value_is_conserved() -> None:
    raw = share([100.0, 101.0, 102.0, 51.2, 51.0])
    whole = adjusted(raw, [(int(raw.time[3]), 2.0)])
    assert whole.close.tolist() == [50.0, 50.5, 51.0, 51.2, 51.0]
    assert (whole.close * whole.volume).tolist() == (raw.close * raw.volume).tolist()
    assert doubts(whole) == []


@pytest.mark.parametrize(
    ("prices", "split"),
    [
        ([100.0, 50.9], "2:1"),
        ([100.0, 66.0], "3:2"),
        ([645.57, 92.69], "7:1"),
        ([1.0, 10.1], "1:10"),
        ([100.0, 80.0], None),
        ([100.0, 60.0], None),
        ([100.0, 118.0], None),
    ],
)
def test_what_looks_like_a_split_is_a_simple_fraction(prices: list[float], split: str | None) -> None:
    assert [str(each.split) for each in doubts(share(prices))] == ([split] if split else [])
    assert doubts(share(prices, "BTC-USDT")) == []


@pytest.mark.parametrize(
    "text", ["20140609", "20140609=0", "20140609=-2", "x=2", "20140609=nan", "none", "20140631=2"]
)
def test_a_split_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not like 20140609=7"):
        splits_of([text])


def test_no_command_trades_on_a_split_that_nobody_explained(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, apple())
    said = agent(tmp_path, "backtest", "--strategy", "sma", "--data", path, check=2).stderr
    assert re.search(r"2000-06-21 opens at [0-9.]+ after [0-9.]+, which looks like a 2:1 split", said)
    run = agent(tmp_path, "run", "--provider", "recorded", "--data", path, "--speed", "max", check=2).stderr
    assert "looks like a 2:1 split; adjust it first: agent data import AAPL_1d_seeded.csv.gz --splits" in run
    done = agent(
        tmp_path, "data", "import", path, "--splits", SAID.replace("20000929=1", "20000929=2")
    ).stdout
    assert f"{len(apple())} new candles" in done
    held = str(tmp_path / "candles" / "AAPL" / "1d.parquet")
    agent(tmp_path, "run", "--provider", "recorded", "--data", held, "--symbol", "AAPL", "--speed", "max",
          "--cycles", "20")  # fmt: skip


def test_before_the_range_a_split_does_not_matter(tmp_path: Path) -> None:
    (path,) = saved(tmp_path, apple())
    words = ("backtest", "--strategy", "sma", "--data", path, "--uncompiled", "--timerange")
    agent(tmp_path, *words, "20150101-20180101")
    assert "7:1 split" in agent(tmp_path, *words, "20140101-20180101", check=2).stderr


def test_a_file_of_the_catalogue_is_asked_as_well(tmp_path: Path) -> None:
    first = millis(datetime(2024, 1, 1, tzinfo=UTC)) // 1000
    days = [
        f"{first + 86400 * day},{price},{price},{price},{price},5"
        for day, price in enumerate([100.0] * 150 + [50.0] * 150)
    ]
    path = tmp_path / "ABC_1d_x.csv"
    path.write_text("\n".join([HEADER, *days]) + "\n")
    assert "looks like a 2:1 split" in agent(tmp_path, "data", "import", str(path)).stdout
    words = ("backtest", "--strategy", "sma", "--symbol", "ABC")
    assert (
        "2024-05-30 opens at 50 after 100, which looks like a 2:1 split"
        in agent(tmp_path, *words, check=2).stderr
    )


def test_a_range_right_behind_a_split_is_warmed_by_what_followed_it_alone() -> None:
    """Averages over a split are of no price there ever was."""
    days = [day * DAY_MS for day in range(19_000, 19_300)]
    close = np.array([100.0] * 150 + [50.0] * 150) * (1 + 0.01 * np.sin(np.arange(300)))
    one = np.round(close, 2)
    candles = Candles("ABC", DAY_MS, np.array(days), one, one, one, one, np.ones(300))
    assert since_doubt(candles, days[200]).time[0] == days[150]
    assert since_doubt(candles, days[150]).time[0] == days[150], "the range may begin on the day itself"
    assert len(since_doubt(candles, days[100])) == 300
    assert len(since_doubt(candles, days[200], {days[150]})) == 300, "a jump that was real is no split"
    assert since_doubt(candles, None) is candles
