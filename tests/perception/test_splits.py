"""Splits of shares: the guess, what a known one does to older candles, and that none is a loss on paper."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.loop.turn import MAY_BE_SPLIT
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.candle import Candle, RawCandle
from domain.commands import Flatten
from domain.events import CycleDecided
from domain.observation import SPLIT, Observation
from domain.ports import CandleRequest
from domain.times import DAY_MS
from perception.chain import Chain
from perception.quality.splits import KNOWN, looks_split, unsplit
from tests.agent.world import World, ask, lively, wave
from tests.perception.off_candles import START, at, instrument
from tests.perception.test_off_chain import Clock

SHARE = "MSFT"


@pytest.mark.parametrize(("new", "old"), [*KNOWN, *((old, new) for new, old in KNOWN)])
@pytest.mark.parametrize("moved", [0.97, 1.0, 1.03])
def test_a_jump_to_a_simple_fraction_looks_like_a_split(new: int, old: int, moved: float) -> None:
    found = looks_split(400.0, 400.0 * old / new * moved)
    assert found is not None
    assert abs(found.factor / (new / old) - 1) < 0.21  # 6:1 and 5:1 lie near each other


@given(st.floats(0.01, 1e6), st.floats(0.72, 1.38))
def test_what_a_share_may_do_overnight_does_not(price: float, moved: float) -> None:
    assert looks_split(price, price * moved) is None


@given(st.lists(st.tuples(st.floats(1, 1000), st.sampled_from([1.0, 2.0, 0.1, 7.0])), min_size=1, max_size=9))
def test_adjusting_keeps_every_value_and_leaves_the_last_candle_as_it_is(
    rows: list[tuple[float, float]],
) -> None:
    raw = [(RawCandle(n, price, price, price, price, 10.0), split) for n, (price, split) in enumerate(rows)]
    told = unsplit(raw)
    assert told[-1] == raw[-1][0]
    for (before, _), after in zip(raw, told, strict=True):
        assert after.close * after.volume == pytest.approx(before.close * before.volume)


def candle(number: int, price: float) -> RawCandle:
    return RawCandle(START + number * DAY_MS, price, price * 1.01, price * 0.99, price, 1000.0)


class Days:
    """A provider of daily candles as traded; from day `split` on, prices are divided by `factor`."""

    name = "alpha_vantage"
    state = "closed"

    def __init__(self, prices: Sequence[float], split: int, factor: float) -> None:
        self.rows = [candle(n, price / (factor if n >= split else 1)) for n, price in enumerate(prices)]

    def candles(self, request: CandleRequest, deadline_seconds: float | None = None) -> Sequence[RawCandle]:
        del deadline_seconds
        return [row for row in self.rows if request.since_ms <= row.time <= request.now_ms][: request.limit]

    def last_good(self, request: CandleRequest) -> None:
        del request

    def close(self) -> None:
        pass


def chain(prices: Sequence[float], split: int, factor: float) -> Chain:
    grid = {SHARE: instrument(SHARE, asset_class="equity")}
    return Chain([Days(prices, split, factor)], None, grid, DAY_MS, warmup=50, clock=Clock())


@pytest.mark.parametrize("factor", [2, 1.5, 4, 20, 0.5, 0.1])
def test_no_price_behind_a_split_is_seen_until_the_share_is_begun_anew(factor: float) -> None:
    market, day = chain([400.0 + n % 3 for n in range(140)], 60, factor), at(START + 60 * DAY_MS)
    before = market.observe(SHARE, None, day - timedelta(hours=1))
    after = before.candles[-1]
    assert after.time == START + 58 * DAY_MS
    for number in range(1, 40):
        seen = market.observe(SHARE, after, day + timedelta(days=number, hours=1))
        assert [each.time for each in seen.candles] == [START + 59 * DAY_MS][: number == 1]
        assert (seen.quote, seen.doubted) == (None, ())
        assert SPLIT in {finding.kind for finding in seen.findings}
        after = seen.candles[-1] if seen.candles else after
    anew = market.observe(SHARE, None, day + timedelta(days=40, hours=1))
    assert anew.candles[0].time == START + 60 * DAY_MS
    assert anew.series != before.series
    on = market.observe(SHARE, anew.candles[-1], day + timedelta(days=41, hours=1))
    assert (on.series, len(on.candles)) == (anew.series, 1)


class Market:
    """The chain as a session's observer, one cycle a day from day 60 on."""

    def __init__(self, prices: Sequence[float], split: int, factor: float) -> None:
        self.chain = chain(prices, split, factor)
        self.days = iter(range(60, len(prices)))
        self.told: dict[int, Callable[[], object]] = {}

    def next_time(self) -> datetime | None:
        day = next(self.days, None)
        self.told.get(day or 0, lambda: None)()
        return None if day is None else at(START + day * DAY_MS + DAY_MS // 24)

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        return self.chain.observe(symbol, after, now)

    def close(self) -> None:
        self.chain.close()


PRICES = [4 * close for close in wave(260) if isinstance(close, float)]


def session(split: int, factor: float) -> tuple[World, Market]:
    market = Market(PRICES, split, factor)
    options = lively(symbols=(SHARE,), timeframe="1d")
    return World([], options=options, observer=market), market


def held_on() -> int:
    """Return a day in the midst of which a session without a split holds the share for some more."""
    world, market = session(len(PRICES), 1)
    held: list[int] = []

    def look(day: int) -> None:
        if world.state.ledger.positions:
            held.append(day)

    for day in range(60, len(PRICES)):
        market.told[day] = partial(look, day)
    world.run()
    return next(day for day in held if {day - 1, day, day + 1, day + 2} <= set(held))


def test_a_split_is_no_loss_on_paper_and_blocks_nothing_but_entries() -> None:
    split = held_on() + 1
    world, market = session(split, 2)
    ledger, seen = world.state.ledger, dict[str, int]()
    market.told[split + 1] = lambda: seen.update(lots=ledger.positions[SHARE].lots, equity=ledger.equity)
    market.told[split + 9] = lambda: (
        seen.update(after=ledger.equity, held=ledger.positions[SHARE].lots),
        ask(world, Flatten(reason="the shares were split")),
    )
    world.run()
    assert seen["held"] == seen["lots"] > 0
    assert abs(seen["after"] - seen["equity"]) < seen["equity"] // 100, "no profit and no loss while in doubt"
    assert abs(ledger.equity - seen["after"]) < seen["after"] // 100, "sold for the last price believed"
    decided = [each for each in world.events if isinstance(each, CycleDecided)]
    doubted = [each for each in decided if each.blocked.get(SHARE, "").startswith(MAY_BE_SPLIT)]
    assert len(doubted) == 9
    assert "looks like a 2:1 split" in doubted[0].blocked[SHARE]
    assert decided[-1].observations[0].quote is not None, "begun anew once nothing is held"
    assert replay(world.journal, 1, FrozenClock()).difference is None


def test_a_day_of_zeros_among_good_ones_costs_that_day_alone() -> None:
    market = chain([400.0 + n % 3 for n in range(70)], 100, 1)
    source = Days([400.0 + n % 3 for n in range(70)], 100, 1)
    source.rows[30] = source.rows[30]._replace(open=0.0, high=0.0, low=0.0, close=0.0)
    market = Chain([source], None, market._instruments, DAY_MS, warmup=50, clock=Clock())
    seen = market.observe(SHARE, None, at(START + 60 * DAY_MS + 1))
    assert len(seen.candles) == 50
    assert [each.time for each in seen.findings if each.kind == "not_positive"] == [START + 30 * DAY_MS]
