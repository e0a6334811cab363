"""A session that looks at another symbol: what fails there holds up no exit, and all of it replays."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from agent.explain.why import explain
from agent.loop.session import EXHAUSTED
from agent.loop.turn import UNSEEN, Turn, look_beside
from agent.settings.instruments import instrument
from agent.verify.quicktest import FrozenClock
from agent.verify.replay import replay
from domain.candle import Candle
from domain.decision import Action
from domain.errors import VenueFault
from domain.events import CycleDecided, CycleEnded, OrdersIntended
from domain.observation import Observation
from domain.times import MINUTE_MS, utc
from journal.codec import encode
from journal.memory import MemoryJournal
from reasoning.informative import InformativeCandles
from reasoning.settings import ReasoningSettings
from tests.agent.world import ID, START, Script, World, facts, folded, lively, wave
from tests.leading import NAME, registered

SOURCE = """
from reasoning.declare import Declared, buy, ema, sell, symbol


class Lead(Declared):
    name = "tested-lead"
    btc = symbol("BTC-USDT")
    calm = ema(3, on=btc)
    quick, slow = ema(3), ema(9)

    def decide(self, now, last):
        if now.quick > now.slow:
            return buy(stop=now.close * 0.97, confidence=90)
        return sell(confidence=90)
"""
OTHER = "BTC-USDT"


@pytest.fixture(scope="module", autouse=True)
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from registered(tmp_path_factory.mktemp("own"), SOURCE)


def options() -> Any:
    return lively(symbols=("SOL-USDT",), reasoning=ReasoningSettings(strategies=(NAME,)))


class Both(Script):
    """A market of which the other symbol is silent, fails or lies in some cycles."""

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        if symbol != OTHER:
            return super().observe(symbol, after, now)
        kept, number = self.previous, self.index % 40
        seen = super().observe(symbol, after, now)
        self.previous = kept
        if 10 <= number < 13:
            raise VenueFault("nobody answers")
        if 13 <= number < 16:
            raise RuntimeError("a fault of ours")
        if 16 <= number < 19:
            return replace(seen, candles=(seen.candles[0]._replace(close=-1),))
        if 19 <= number < 24:
            return replace(seen, candles=())
        return seen


def bad(cycle: CycleDecided) -> bool:
    return 10 <= (cycle.cycle_id - 1) % 40 < 24


@pytest.fixture(scope="module")
def world(lead: str) -> World:
    steps = wave(240, period=15)
    world = World(steps, options=options(), observer=Both(steps), journal=MemoryJournal(ID))
    assert lead == NAME
    assert world.run() == EXHAUSTED
    return world


def decided(world: World) -> list[CycleDecided]:
    return [each for each in world.events if isinstance(each, CycleDecided)]


def test_what_fails_there_holds_back_entries_and_no_exit(world: World) -> None:
    ended = [each for each in world.events if isinstance(each, CycleEnded)]
    assert len(ended) == 240
    assert not any(each.error for each in ended)
    actions = {way: [each for each in decided(world) if each.decisions[0].action is way] for way in Action}
    assert not any(map(bad, actions[Action.BUY]))
    assert any(map(bad, actions[Action.SELL]))
    assert len(actions[Action.BUY]) > 20
    orders = [each for event in world.events if isinstance(event, OrdersIntended) for each in event.orders]
    assert {each.symbol for each in orders} == {"SOL-USDT"}
    sold = {event.cycle_id for event in world.events if isinstance(event, OrdersIntended)}
    assert any(bad(each) and each.cycle_id in sold for each in actions[Action.SELL])


def test_what_was_seen_of_it_is_in_the_cycle_s_row_and_why_not(world: World) -> None:
    for each in decided(world):
        unseen = 10 <= (each.cycle_id - 1) % 40 < 19
        assert [one.symbol for one in each.beside] == ([] if unseen else [OTHER])
        assert each.blocked.get(OTHER, "").startswith(UNSEEN) == unseen
    assert {each.symbol for event in decided(world) for each in event.observations} == {"SOL-USDT"}


def test_the_fold_is_the_live_state_and_the_session_replays(world: World) -> None:
    state, mind = folded(world.options, world.journal)
    assert facts(state) == facts(world.state)
    assert mind == world.parts.mind
    found = replay(world.journal, None, FrozenClock())
    assert found.difference is None
    assert found.cycles == 240


def test_a_cycle_is_explained_with_the_other_symbol(world: World) -> None:
    held = next(each for each in decided(world) if "entry held back" in each.decisions[0].reason)
    told = explain(world.journal, held.cycle_id)
    assert told.symbols[0].decision is not None
    assert f"no candle of {OTHER} since" in told.symbols[0].decision.reason
    good = next(each for each in decided(world) if each.decisions[0].action is Action.BUY)
    told = explain(world.journal, good.cycle_id)
    assert [each.symbol for each in told.symbols] == ["SOL-USDT", OTHER]
    assert told.symbols[1].decision is None
    assert float(told.symbols[1].seen.candle_close or 0) > 0


def test_a_session_goes_on_where_the_last_one_ended(world: World) -> None:
    steps = wave(240, period=15)
    journal = MemoryJournal(ID)
    first = World(steps[:100], options=options(), observer=Both(steps[:100]), journal=journal)
    first.run()
    journal = copied(journal)
    rest = Both(steps)
    rest.index, rest.previous = 99, float(steps[99])  # type: ignore[arg-type]  # a close
    second = World(steps, options=options(), observer=rest, journal=journal, start=START + 100 * MINUTE_MS)
    second.run()
    ours = [each.decisions for each in decided(first) + decided(second)]
    assert ours == [each.decisions for each in decided(world)]
    assert replay(journal, None, FrozenClock()).difference is None


def copied(journal: MemoryJournal) -> MemoryJournal:
    again = MemoryJournal(ID)
    for row in journal.rows():
        again.append(row.event)
    return again


def test_a_session_without_any_writes_what_it_wrote_before() -> None:
    plain = World(wave(60), options=lively(symbols=("SOL-USDT",)))
    plain.run()
    written = [encode(row.event) for row in plain.journal.rows()]
    assert len(written) > 60
    assert not any(b"informative" in each for each in written)


class Asked:
    """An observer that notes after which candle it was asked."""

    def __init__(self) -> None:
        self.after: list[Candle | None] = []

    def observe(self, symbol: str, after: Candle | None, now: datetime) -> Observation:
        self.after.append(after)
        script = Script([100.0], start=START)
        script.index = 0
        return script.observe(symbol, None, now)

    def close(self) -> None:
        """Hold nothing."""


def test_it_is_asked_for_a_whole_start_until_it_is_known_in_these_ticks() -> None:
    observer, known = Asked(), InformativeCandles()
    grid = instrument(OTHER, {})

    def look(tick: str) -> None:
        turn = Turn(1, utc(START + MINUTE_MS))
        grids: Mapping[str, Any] = {OTHER: replace(grid, tick_size=Decimal(tick))}
        look_beside(turn, grids, observer, {OTHER: known})
        known.take(turn.beside[0], 100)

    for tick in ("0.01", "0.01", "0.1", "0.1"):
        look(tick)
    assert [each is None for each in observer.after] == [True, False, True, False]
    assert known.series.endswith(" in ticks of 0.1")
