"""A reason is told in the quote currency: ticks times the tick, and nothing else changed."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.candle import Candle
from domain.instrument import Instrument
from reasoning.indicators.kind import IndicatorKind
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.strategy import Strategy
from reasoning.strategies.registry import BUILT_IN, STRATEGIES
from reasoning.telling import InTicks, UnknownUnit, price_text, told, with_unit
from tests.reasoning.indicating import small, stepped, walked
from tests.reasoning.samples import ticks, walk
from tests.reasoning.test_declared_built_in import PARAMETERS
from tests.reasoning.told import numbers, with_features, written

GRID = Instrument("AB-USDT", "AB", "USDT", Decimal("0.5"), Decimal(1), Decimal(1), Decimal(1))
PRICES = re.compile(r"(-?[\d.]+)(?:-([\d.]+))? USDT")


def both(
    strategy: Strategy[Any], packed: tuple[Any, ...], candles: Sequence[Candle]
) -> Iterator[tuple[str, str | None]]:
    """Yield the reason of each candle as recorded and as told."""
    memory = strategy.blank(packed)
    for candle, features in with_features(candles):
        signal = strategy.on_candle(memory, packed, features, *numbers(candle), float(candle.time))
        before = list(memory)
        yield strategy.words(memory, packed, signal), told(strategy, memory, packed, signal, GRID)
        assert list(memory) == before


def in_ticks(text: str) -> str:
    """Return told words with each price divided by the tick."""

    def divided(found: re.Match[str]) -> str:
        return "-".join(f"{Decimal(each) / GRID.tick_size:.0f}" for each in found.groups() if each)

    return PRICES.sub(divided, text)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_a_built_in_reason_is_told_as_its_ticks_times_the_tick(name: str) -> None:
    strategy, counted = STRATEGIES[name], 0
    for parameters in PARAMETERS[name]:
        packed = strategy.pack(strategy.params(**parameters))
        for recorded, text in both(strategy, packed, ticks("seeded/1h/BTC-USDT", 1_200)):
            if text is None:
                assert "tick" not in recorded
                continue
            counted += 1
            assert "tick" not in text
            assert "USDT-" not in text, "two ends of one zone have one unit"
            assert in_ticks(text) == recorded.replace(" ticks", "")
    assert counted > 5 or name in ("rsi", "sma"), "no reason with a price was seen"


def declaring(kind: IndicatorKind) -> str:
    """Return the file of a strategy that gives no reason of its own: all its numbers are told."""
    use = "now.it" if kind.outputs == ("value",) else f"now.it.{kind.outputs[0]}"
    values = ", ".join(f"{each}={value!r}" for each, value in zip_parameters(kind))
    return (
        f"from reasoning.declare import {kind.name}\n\n"
        f"class All(Declared):\n    it = {kind.name}({values})\n\n"
        f"    def decide(self, now, last):\n        if {use} < -1e300:\n            return buy()\n"
    )


def zip_parameters(kind: IndicatorKind) -> Iterator[tuple[str, Any]]:
    """Yield the names of a kind's parameters with small values."""
    yield from zip((each.name for each in kind.parameters), small(kind), strict=True)


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_each_number_of_an_indicator_is_told_in_its_unit(name: str, tmp_path: Path) -> None:
    kind = INDICATORS[name]
    strategy: Strategy[Any] = written(tmp_path, declaring(kind))[0].All.strategy
    packed: Any = strategy.pack(strategy.params())
    rows = list(both(strategy, packed, walk(120, 5)))
    for recorded, text in rows[-20:]:
        shown = dict(each.rsplit(" ", 1) for each in recorded.split(", "))
        said = dict(each.split(" ", 1) for each in (text or recorded).split(", "))
        for output in kind.outputs:
            number = "it" if kind.outputs == ("value",) else f"it.{output}"
            if output in kind.prices:
                price = float(said[number].removesuffix(" USDT"))
                assert said[number].endswith(" USDT")
                assert price == pytest.approx(float(shown[number]) * 0.5, abs=0.26, rel=1e-5)
            else:
                assert said[number] == shown[number]


@pytest.mark.parametrize("kind", INDICATORS.values(), ids=INDICATORS)
def test_the_outputs_in_ticks_are_those_that_grow_with_the_price(kind: IndicatorKind) -> None:
    columns = walked(600)
    grown = columns | {
        name: [4 * each for each in columns[name]] for name in ("open", "high", "low", "close")
    }
    rows, larger = (stepped(kind, each, *small(kind)) for each in (columns, grown))
    for index, output in enumerate(kind.outputs):
        factor = 4.0 if output in kind.prices else 1.0
        pairs = [(row[index], more[index]) for row, more in zip(rows, larger, strict=True)]
        assert [more for _, more in pairs] == pytest.approx([factor * one for one, _ in pairs], abs=1e-6), (
            output
        )
    assert set(kind.prices) <= set(kind.outputs)


def test_a_mean_of_volumes_and_a_ratio_of_prices_are_no_prices(tmp_path: Path) -> None:
    strategy = written(
        tmp_path,
        """
class Mixed(Declared):
    busy, calm = sma(3, of="volume"), ema(3, of=sma(2))

    def decide(self, now, last):
        away = abs(now.close - now.calm)
        ratio = now.close / now.calm
        return nothing(f"{now.busy:.3f}, {ratio:.3f}, {max(away, 2):+.1f} and {-now.close * 2:.0f}")
""",
    )[0].Mixed.strategy
    recorded, text = list(both(strategy, strategy.pack(strategy.params()), walk(9, 5)))[-1]
    assert text is not None
    (busy, ratio, rest), (busy_told, ratio_told, rest_told) = recorded.split(", "), text.split(", ")
    assert (busy, ratio) == (busy_told, ratio_told)
    away, twice = map(float, rest.split(" and "))
    away_told, twice_told = (float(each.removesuffix(" USDT")) for each in rest_told.split(" and "))
    assert away_told == pytest.approx(away / 2, abs=0.06)
    assert twice_told == twice / 2
    assert rest_told.startswith("+")


def test_what_is_in_no_unit_of_prices_is_not_told() -> None:
    price = InTicks.of(200.0, Decimal("0.5"))
    with pytest.raises(UnknownUnit):
        str(price * price)
    with pytest.raises(UnknownUnit):
        str(1 / price)
    with pytest.raises(UnknownUnit):
        _ = price * price + price
    assert type(price / price) is float
    assert (
        with_unit(f"{price * price / price} and {2 * price - 100} ticks", "EUR") == "100.0 EUR and 150.0 EUR"
    )
    assert with_unit("no price", "EUR") is None
    assert with_unit(f"{price} within 5 ticks", "EUR") == "100.0 EUR within 5 ticks"
    assert with_unit(f"ticks: {price}", "EUR") is None


def test_a_price_has_the_decimals_of_its_instrument() -> None:
    assert price_text(6_543_210.0, Decimal("0.01")) == "65432.10"
    assert price_text(123_456.7, Decimal("0.01000")) == "1234.57"
    assert price_text(1_234.0, Decimal("1E-8")) == "0.00001234"
    assert price_text(7.0, Decimal(10)) == "70"
    assert price_text(0.25, Decimal("0.01")) == "0.0025", "finer than a tick"
