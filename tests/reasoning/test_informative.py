"""Another symbol's candles in a strategy: seen when closed, waited for by entries, never by exits."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from agent.settings.instruments import instrument
from agent.verify.lookahead import prove
from domain.candle import Candle
from domain.observation import Observation, Source
from domain.regrid import Regrid
from domain.times import MINUTE_MS, utc
from reasoning.declare import Undeclarable
from reasoning.indicators.moving import EMA
from reasoning.informative import InformativeCandles
from reasoning.kernels.strategy import Strategy
from reasoning.minds import StrategyRunner
from reasoning.orientation import Opinion
from reasoning.remembered import Remembered
from reasoning.settings import ReasoningSettings
from reasoning.strategies.registry import STRATEGIES, register
from tests.reasoning.samples import walk
from tests.reasoning.told import written

SHOWS = """
from reasoning.declare import ema, symbol

class Shows(Declared):
    name = "shows"
    btc = symbol("BTC-USDT")
    calm = ema(3, on=btc)
    longer = ema(2, on=symbol("BTC-USDT", "5m"))

    def decide(self, now, last):
        side = 1 if now.close > last.close else -1
        return vote(side, confidence=90, reason=
            f"{now.btc.close:g} {now.calm!r} " + f"{now.longer!r} {last.btc.close:g}")
"""
OWN, BTC = (walk(400, seed) for seed in (1, 2))


@pytest.fixture
def shows(tmp_path: Path) -> Any:
    module, _ = written(tmp_path, SHOWS)
    strategy: Strategy[Any] = module.Shows.strategy
    register(strategy, replace=True)
    yield strategy.at(MINUTE_MS)
    del STRATEGIES[strategy.name]


def runner() -> StrategyRunner:
    return StrategyRunner(ReasoningSettings(strategies=("shows",), vote_threshold=30), MINUTE_MS)


def seen(symbol: str, candles: Sequence[Candle], series: str = "made", now: int = 0) -> Observation:
    return Observation(
        symbol=symbol,
        source=Source.LIVE,
        provider="test",
        series=series,
        fetched_at=utc(now or OWN[-1].time),
        candles=tuple(candles),
    )


def said(mind: StrategyRunner, own: Sequence[Candle], btc: Sequence[Candle], series: str = "made") -> Opinion:
    """Let a mind see what is new of both, and return what its voice says."""
    mind.inform([seen("BTC-USDT", btc, series)])
    return mind.orient(seen("SOL-USDT", own)).signals[0]


def averages(values: Sequence[float], length: int) -> list[float]:
    memory = [0.0] * EMA.size(length)
    return [EMA.step(memory, 0, length, each) for each in values]


def test_its_numbers_are_those_of_the_candles_that_had_closed_and_were_there(shows: Strategy[Any]) -> None:
    dice, mind = Random(3), runner()
    told: list[tuple[int, bool]] = []
    waiting = list(BTC)
    there: list[Candle] = []
    before = 0.0
    for own in OWN:
        # Some come late, some come ahead of the own candle of their time, which is late itself.
        ahead = own.time + dice.choice((0, 0, 0, -1, -3, 2)) * MINUTE_MS
        new = [each for each in waiting if each.time <= ahead]
        waiting = waiting[len(new) :]
        there += new
        _, signal, reason = said(mind, [own], new)
        closed = [float(each.close) for each in there if each.time <= own.time]
        late = not there or max(each.time for each in there if each.time <= own.time) < own.time
        if len(told) > 20:
            words = reason.partition(": ")[2] if signal.vote == 0 else reason
            shown = words.split()
            assert shown[:2] == [f"{closed[-1]:g}", repr(averages(closed, 3)[-1])]
            assert shown[3] == f"{before:g}"
            assert (signal.vote == 0) == (late and reason.startswith("entry held back"))
            assert signal.vote < 0 or late == (signal.vote == 0)
        before = closed[-1] if closed else 0.0
        told.append((signal.vote, late))
    assert {(1, False), (-1, False), (-1, True), (0, True)} <= set(told[20:])


def test_an_entry_waits_for_the_candle_and_an_exit_goes_by_the_last_known(shows: Strategy[Any]) -> None:
    mind = runner()
    said(mind, OWN[:60], BTC[:60])
    last = OWN[59]
    rise = last._replace(time=last.time + MINUTE_MS, close=last.close + 9, high=last.high + 9)
    fall = rise._replace(time=rise.time + MINUTE_MS, close=1, low=1)
    _, held, words = said(mind, [rise], [])
    assert held.vote == 0
    assert words.startswith(f"entry held back, no candle of BTC-USDT since {str(utc(BTC[59].time))[:16]}: ")
    _, sold, words = said(mind, [fall], [])
    assert sold.vote == -1
    assert words.endswith(f"(no candle of BTC-USDT since {str(utc(BTC[59].time))[:16]})")
    again = fall._replace(time=fall.time + MINUTE_MS, close=last.close, high=last.high)
    assert said(mind, [again], [each._replace(time=each.time) for each in BTC[60:63]])[1].vote == 1


def test_nothing_is_said_until_all_its_numbers_are_known_on_the_candle_before_too(
    shows: Strategy[Any],
) -> None:
    mind, votes = runner(), []
    for index, own in enumerate(OWN[:80]):
        new = BTC[index : index + 1] if index >= 30 else []
        _, signal, words = said(mind, [own], new)
        votes.append(signal.vote)
        if 14 <= index < 40:
            assert "waits until the numbers of BTC-USDT" in words
    first = next(index for index, vote in enumerate(votes) if vote)
    # Two whole candles of five minutes, of which the first is whole from its beginning on, and one own more.
    begun = next(index for index in range(30, 80) if BTC[index].time % (5 * MINUTE_MS) == 0)
    assert first == begun + 9 + 1


def test_another_series_and_another_grid_begin_anew_with_what_was_given(shows: Strategy[Any]) -> None:
    mind, other = runner(), runner()
    said(mind, OWN[:60], BTC[:60])
    changed = [each._replace(close=each.close * 2, high=each.high * 2) for each in BTC]
    assert "waits until" in said(mind, OWN[60:61], changed[:61], "another")[2]
    words = said(mind, OWN[61:62], changed[61:62], "another")[2]
    closed = [float(each.close) for each in changed[:62]]
    assert words.split(": ")[-1].split()[1] == repr(averages(closed, 3)[-1])
    said(other, OWN[:60], BTC[:60])
    grid = instrument("BTC-USDT", {})
    finer = Regrid(grid, msgspec.structs.replace(grid, tick_size=grid.tick_size / Decimal(10)))
    other.regrid("BTC-USDT", finer)
    said(other, OWN[60:61], [finer.candle(BTC[60])])
    words = said(other, OWN[61:62], [finer.candle(BTC[61])])[2]
    closed = [float(each.close * 10) for each in BTC[:62]]
    assert words.split(": ")[-1].split()[1] == repr(averages(closed, 3)[-1])


def test_a_look_ahead_changes_nothing_and_says_what_will_be_said(shows: Strategy[Any]) -> None:
    mind = runner()
    said(mind, OWN[:60], BTC[:60])
    now, beside = seen("SOL-USDT", OWN[60:61]), [seen("BTC-USDT", BTC[60:61])]
    before = msgspec.msgpack.encode((mind.memory(), mind.informed))
    expected = mind.preview(now, beside)
    assert mind.votes([now], beside)
    assert not any(each.vote > 0 for _, each, _ in mind.preview(now).signals)
    assert msgspec.msgpack.encode((mind.memory(), mind.informed)) == before
    mind.inform(beside)
    assert mind.orient(now).signals == expected.signals


def test_a_mind_that_was_remembered_and_one_with_new_parameters_go_on_alike(shows: Strategy[Any]) -> None:
    mind, twin = runner(), runner()
    said(mind, OWN[:100], BTC[:100])
    remembered = msgspec.msgpack.encode((mind.memory(), mind.informed))
    twin.resume(
        *msgspec.msgpack.decode(remembered, type=tuple[dict[str, Remembered], dict[str, InformativeCandles]])
    )
    assert twin == mind
    assert said(twin, OWN[100:101], BTC[100:101]) == said(mind, OWN[100:101], BTC[100:101])
    mind.retune("shows", mind.own("shows"))
    assert twin == mind
    with pytest.raises(ValueError, match="other strategies"):
        runner().resume({})


def test_what_is_said_stays_wherever_the_data_are_cut(shows: Strategy[Any]) -> None:
    packed = shows.pack(shows.params())
    beside = {"BTC-USDT": [each for index, each in enumerate(BTC) if index % 9]}
    proof = prove(shows, packed, OWN, beside)
    assert proof.proved, proof
    assert proof.signals > 100


def test_a_custom_exit_reads_no_other_symbol(tmp_path: Path) -> None:
    leave = """
    def leave(self, now, last, held):
        if now.calm > now.close:
            return 1.0
"""
    with pytest.raises(Undeclarable, match="leave reads calm, a number of another symbol"):
        written(tmp_path, SHOWS + leave)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('btc = symbol("btcusdt")', "symbol('btcusdt') is none; write one like BTC-USDT"),
        ("btc = symbol()", "symbol(...) takes a symbol and perhaps a timeframe"),
        ('btc = symbol("BTC-USDT", "7h")', "timeframe '7h' is none; "),
        ('one, btc = symbol("BTC-USDT"), symbol("BTC-USDT")', "btc is one again; declare it once"),
        ('calm = ema(5, on="BTC-USDT")', "write on=symbol('BTC-USDT')"),
        ('calm = ema(5, of=ema(4, on=symbol("BTC-USDT")), on=symbol("ETH-USDT"))', "of other candles"),
    ],
)
def test_what_cannot_be_declared_says_what_to_write(line: str, words: str, tmp_path: Path) -> None:
    head = "from reasoning.declare import *\nfrom reasoning.declare import ema, symbol\n"
    body = f"class Wrong(Declared):\n    {line}\n\n    def decide(self, now):\n        return nothing()\n"
    with pytest.raises(Undeclarable) as refusal:
        written(tmp_path, body, head)
    assert words in str(refusal.value)
