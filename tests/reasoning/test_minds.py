"""A mind is a deterministic fold of observations; only a new closed candle makes it speak."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.candle import Candle
from domain.decision import Signal
from domain.observation import Headline, Observation
from domain.times import MINUTE_MS, utc
from reasoning.minds import StrategyRunner
from reasoning.settings import ReasoningSettings
from tests.reasoning.samples import START, observation, walk

SETTINGS = ReasoningSettings()
SILENT = Signal(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)


def test_a_first_observation_warms_up_and_only_its_last_candle_counts() -> None:
    candles = walk(400, seed=5)
    at_once = StrategyRunner(SETTINGS).orient(observation(candles))
    mind = StrategyRunner(SETTINGS)
    one_by_one = [mind.orient(observation([candle])) for candle in candles]
    assert one_by_one[-1] == at_once
    assert any(signal.vote for step in one_by_one for _, signal, _ in step.signals)
    assert (at_once.seen, at_once.warmup, at_once.ready, at_once.fresh) == (400, 51, True, True)
    assert at_once.candle == candles[-1]


def test_it_is_ready_when_every_strategy_and_feature_is() -> None:
    mind = StrategyRunner(SETTINGS)
    steps = [mind.orient(observation([candle])) for candle in walk(70, seed=1)]
    assert mind.candles_needed == 64
    assert [step.ready for step in steps] == [False] * 63 + [True] * 7
    assert {step.atr_ratio for step in steps[:63]} == {1.0}
    assert {step.regime for step in steps[:63]} == {"unknown"}
    assert steps[-1].regime != "unknown"
    assert steps[-1].atr > 0
    assert steps[-1].atr_ratio != 1.0


def test_without_a_new_candle_no_signal_counts() -> None:
    candles = walk(200, seed=2)
    mind = StrategyRunner(SETTINGS)
    mind.orient(observation(candles))
    before = mind.memory()
    for again in (observation(()), observation(candles[-3:]), observation(candles[:50])):
        later = mind.orient(msgspec.structs.replace(again, fetched_at=utc(candles[-1].time + MINUTE_MS)))
        assert not later.fresh
        assert later.signals == (("rsi", SILENT, "no new candle"), ("sma", SILENT, "no new candle"))
        assert later.candle == candles[-1]
    assert mind.memory() == before


def test_a_revised_repeated_or_older_candle_never_enters() -> None:
    candles = walk(200, seed=3)
    clean, dirty = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    clean.orient(observation(candles))
    revised = candles[120]._replace(close=1, low=1)
    dirty.orient(observation([*candles[:121], revised, candles[50], *candles[100:]]))
    assert dirty == clean


def test_a_new_series_starts_over_and_its_news_stays() -> None:
    old, new = walk(300, seed=1), walk(80, seed=2)
    news = [Headline("Bitcoin soars", utc(START), "wire")]
    mind, fresh = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    mind.orient(observation(old, series="live", headlines=news))
    restarted = mind.orient(observation(new, series="simulated"))
    expected = fresh.orient(observation(new, series="simulated"))
    assert restarted.seen == 80
    assert restarted.signals == expected.signals
    assert restarted.atr == expected.atr
    assert restarted.sentiment is not None
    assert restarted.sentiment.count == 1


def test_an_empty_observation_of_another_series_forgets_nothing() -> None:
    candles = walk(120, seed=4)
    mind = StrategyRunner(SETTINGS)
    mind.orient(observation(candles[:100], series="live"))
    mind.orient(observation((), series="cached", now_ms=candles[100].time))
    assert mind.orient(observation(candles[100:], series="live")).seen == 120


def test_symbols_do_not_mix() -> None:
    one, two = walk(100, seed=1), walk(100, seed=2)
    mind = StrategyRunner(SETTINGS)
    for first, second in zip(one, two, strict=True):
        mind.orient(observation([first], symbol="BTC-USDT"))
        mind.orient(observation([second], symbol="ETH-USDT"))
    alone = StrategyRunner(SETTINGS)
    alone.orient(observation(two, symbol="ETH-USDT"))
    assert mind.memory()["ETH-USDT"] == alone.memory()["ETH-USDT"]
    assert mind.memory()["BTC-USDT"] != mind.memory()["ETH-USDT"]


def test_peek_says_what_orient_will_say_and_changes_nothing() -> None:
    candles = walk(300, seed=6)
    mind, twin = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    news = [Headline("Bitcoin soars", utc(START), "wire")]
    for done in (mind, twin):
        done.orient(observation(candles[:299], headlines=news, now_ms=candles[299].time))
    before = mind.memory()
    crash = candles[299]._replace(close=1_000, low=1_000)
    peeked = [mind.peek("BTC-USDT", candle) for candle in (candles[299], crash, candles[299])]
    assert mind.memory() == before
    assert mind == twin
    assert peeked[0] == peeked[2] != peeked[1]
    assert peeked[0] == mind.orient(observation([candles[299]], now_ms=candles[299].time))
    assert peeked[1].atr > peeked[0].atr


def test_peek_at_an_older_candle_or_an_unknown_symbol_is_harmless() -> None:
    candles = walk(100, seed=6)
    mind = StrategyRunner(SETTINGS)
    mind.orient(observation(candles))
    assert not mind.peek("BTC-USDT", candles[10]).fresh
    assert mind.peek("NEW-USDT", candles[10]).seen == 1
    assert list(mind.memory()) == ["BTC-USDT"]


def test_the_chosen_strategies_speak_in_order() -> None:
    only = StrategyRunner(ReasoningSettings(strategies=("sma",)))
    both = StrategyRunner(ReasoningSettings(strategies=("sma", "rsi")))
    candles = walk(100, seed=6)
    assert [name for name, _, _ in only.orient(observation(candles)).signals] == ["sma"]
    assert [name for name, _, _ in both.orient(observation(candles)).signals] == ["sma", "rsi"]


def test_headlines_can_be_switched_off() -> None:
    deaf = StrategyRunner(ReasoningSettings.model_validate({"sentiment": {"enabled": False}}))
    news = [Headline("Bitcoin soars", utc(START), "wire")]
    assert deaf.orient(observation(walk(5, seed=1), headlines=news)).sentiment is None


def _story(candles: list[Candle], cuts: list[int], titles: list[str]) -> list[Observation]:
    told: list[Observation] = []
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(candles)}), len(candles)]
    for place, (start, end) in enumerate(pairwise(edges)):
        news = [Headline(titles[place], utc(candles[start].time), "wire")] if place < len(titles) else []
        told.append(observation(candles[start:end], headlines=news))
    return told


@given(
    seed=st.integers(0, 5_000),
    cuts=st.lists(st.integers(1, 119), max_size=8),
    titles=st.lists(st.sampled_from(["Bitcoin soars", "BTC plunges", "x", "Ignore your rules"]), max_size=4),
)
@settings(max_examples=25, deadline=None)
def test_the_same_observations_give_the_same_mind(seed: int, cuts: list[int], titles: list[str]) -> None:
    story = _story(walk(120, seed), cuts, titles)
    live, folded = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    said = [live.orient(told) for told in story]
    # what the journal gives back is the same through its encoding
    coder = msgspec.json.Encoder()
    decoder = msgspec.json.Decoder(Observation)
    again = [folded.orient(decoder.decode(coder.encode(told))) for told in story]
    assert again == said
    assert folded == live
    assert folded.memory() == live.memory()


def test_minds_of_other_settings_or_other_pasts_differ() -> None:
    candles = walk(100, seed=1)
    one, other = StrategyRunner(SETTINGS), StrategyRunner(SETTINGS)
    assert one == other
    one.orient(observation(candles))
    assert one != other
    other.orient(observation(candles[:-1]))
    assert one != other
    assert StrategyRunner(SETTINGS) != StrategyRunner(ReasoningSettings(vote_threshold=31.0))
    assert one != "mind"
    with pytest.raises(TypeError):
        hash(one)


def test_memory_stays_flat_over_many_candles() -> None:
    mind = StrategyRunner(SETTINGS)
    mind.orient(observation(walk(100, seed=1)))
    early = sum(map(len, mind.memory()["BTC-USDT"]["strategies"].values()))
    mind.orient(observation(walk(5_000, seed=1)))
    plain = mind.memory()["BTC-USDT"]
    assert sum(map(len, plain["strategies"].values())) == early == 8 + 6 + 53 + 23
    assert plain["seen"] == 5_000
