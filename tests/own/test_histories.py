"""A check says how many candles a strategy needs before its votes no longer depend on where it began."""

import dataclasses
from typing import Any

from agent.settings.given import Settings
from agent.verify.gated import as_candles, gated
from agent.verify.lookahead import made_up, signals_of
from agent.verify.settled import histories
from domain.times import MINUTE_MS
from reasoning.kernels.indicators import Memory
from reasoning.strategies.rsi import RSI, RsiParams
from reasoning.strategies.sma import SMA, SmaParams

CANDLES = made_up(900)


def test_a_mean_of_its_window_needs_no_more_than_its_warm_up() -> None:
    effects = histories(SMA, SmaParams(fast=3, slow=8).packed(), CANDLES)
    assert [each.history for each in effects] == [9, 18, 36, 72]
    assert all((each.different, each.apart) == (0, 0.0) for each in effects)
    assert all(each.compared == 40 for each in effects)


def test_an_average_that_never_forgets_comes_closer_with_more_history() -> None:
    effects = histories(RSI, RsiParams(period=10).packed(), CANDLES)
    assert effects[0].different > 0 == effects[-1].different
    assert effects[0].number == "rsi"
    assert effects[0].apart > 0.1 > effects[-1].apart > 0.0


def test_votes_that_depend_on_the_start_are_seen_at_every_history() -> None:
    def step(memory: Memory, _packed: Any, *_candle: float) -> int:
        memory[0] += 1.0
        return int(memory[0]) % 3 - 1

    odd = dataclasses.replace(RSI, size=lambda _packed: 1, step=step, warmup=lambda _packed: 7)
    odd = dataclasses.replace(odd, indicators=lambda _memory, _packed: ())
    assert all(each.different > 0 for each in histories(odd, (), CANDLES))


def test_the_gate_says_which_rule_denied_and_what_the_votes_had() -> None:
    settings = Settings(reasoning={"strategies": ("rsi",)}, risk={"min_confidence": 99})
    packed = settings.reasoning.packed("rsi")
    said = list(signals_of(RSI, packed, CANDLES))
    votes = gated(
        settings, as_candles("BTC-USDT", MINUTE_MS, CANDLES, 0.01), said, [each.close for each in CANDLES]
    )
    assert (votes.candles, votes.entries) == (900, 0)
    (least,) = [each for each in votes.denied if each.rule == "min_confidence"]
    buys = sorted(each.confidence for each in said if each.vote > 0)
    assert 0 < least.votes <= len(buys), "those of the warm-up are not traded"
    assert "risk.min_confidence is 99" in least.why
    assert f"Of {len(buys)} votes to buy {len(buys)} have less: they go from {buys[0]:.0f}" in least.why
