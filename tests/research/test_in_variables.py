"""The promise: a kernel whose state lies in variables comes to the same bits, its memory's included."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel import kernel
from reasoning.indicators.kind import IndicatorKind, period
from reasoning.indicators.table import INDICATORS
from research.engine.fillers import MOST_CELLS, filler_of, source_of
from research.engine.in_variables import Unsupported
from tests.reasoning.indicating import SCENES, Columns, inputs_of, small, walked

NOT_IN_VARIABLES = {"pivots"}
"""Kinds that read their cells in a loop, as slots."""


form_of = cache(filler_of)


class Watched(list[float]):
    """A memory that counts who reads and writes some of its places."""

    def __init__(self, size: int, places: list[int]) -> None:
        super().__init__([0.0] * size)
        self.reads, self.writes = dict.fromkeys(places, 0), dict.fromkeys(places, 0)

    def __getitem__(self, at: Any) -> Any:
        assert at >= 0
        if at in self.reads:
            self.reads[at] += 1
        return super().__getitem__(at)

    def __setitem__(self, at: Any, value: Any) -> None:
        assert at >= 0
        if at in self.writes:
            self.writes[at] += 1
        super().__setitem__(at, value)


def filled(kind: IndicatorKind, parameters: tuple[float, ...], columns: Columns, *, variables: bool) -> Any:
    """Return a kind's columns and its memory behind them, by one form of its kernel or the other."""
    inputs = [np.array(each) for each in inputs_of(kind, columns)]
    outputs = [np.zeros(len(inputs[0])) for _ in kind.outputs]
    size = kind.size(*parameters)
    names: dict[str, Any] = {"step": kind.step}
    if not variables:
        memory = Watched(size, [])
        exec(source_of(kind), names)  # noqa: S102  # what the compiler is handed, without the compiler
        names["fill"](memory, *parameters, *inputs, *outputs)
        return [each.tobytes() for each in outputs], np.array(memory).tobytes()
    form = form_of(kind)
    places = form.places(parameters)
    assert len(set(places)) == len(places)
    assert 0 <= min(places) <= max(places) < size
    memory = Watched(size, places)
    names = dict(form.names)
    exec(form.text, names)  # noqa: S102  # as above
    names["fill"](memory, places, *parameters, *inputs, *outputs)
    # A slot that is a cell, too, would be read or written beside the variable.
    assert set(memory.reads.values()) == set(memory.writes.values()) == {1}, kind.name
    return [each.tobytes() for each in outputs], np.array(memory).tobytes()


def test_every_indicator_comes_to_the_same_bits_in_variables() -> None:
    left = set()
    for name, kind in INDICATORS.items():
        for parameters, scene in ((kind.defaults, "ticks"), (small(kind), "fractions")):
            try:
                told = filled(kind, parameters, SCENES[scene], variables=True)
            except Unsupported:
                left.add(name)
                continue
            assert told == filled(kind, parameters, SCENES[scene], variables=False), (name, parameters)
    assert left == NOT_IN_VARIABLES


QUICK = sorted(
    {name for name in INDICATORS if name not in NOT_IN_VARIABLES} - {"correlation", "variance_ratio"}
)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(QUICK), st.integers(0, 1_000), st.integers(1, 90), st.data())
def test_with_any_parameters_on_any_candles(name: str, seed: int, count: int, data: Any) -> None:
    kind = INDICATORS[name]
    draws = (
        st.integers(int(each.low), int(min(each.high, each.low + 12)))
        if each.kind is int
        else st.floats(each.low, each.high)
        for each in kind.parameters
    )
    parameters = tuple(data.draw(st.tuples(*draws)))
    columns = walked(count, seed, price=50.0)
    assert filled(kind, parameters, columns, variables=True) == filled(
        kind, parameters, columns, variables=False
    )


@kernel
def looked_at_too_late(memory: Any, at: int, n: int, value: float) -> Any:
    """Return a cell that was read before a kernel moved it."""
    return memory[at] + counted(memory, at) * value / n


@kernel
def counted(memory: Any, at: int) -> Any:
    """Return how often it was called."""
    memory[at] += 1.0
    return memory[at]


@kernel
def at_a_value(memory: Any, at: int, n: int, value: float) -> Any:
    """Return what lies at a place that a value decides, among its cells."""
    memory[at] = value
    return memory[at + int(value) % n]


@pytest.mark.parametrize("step", [looked_at_too_late, at_a_value])
def test_a_kernel_that_is_not_understood_is_left_as_it_is(step: Any) -> None:
    kind = INDICATORS["ema"]._replace(step=step, parameters=(period(3, "values"),))
    with pytest.raises(Unsupported):
        filler_of(kind)


def test_the_indicators_of_the_built_in_strategies_are_in_variables() -> None:
    assert all(
        len(filler_of(INDICATORS[name]).cells) <= MOST_CELLS for name in ("mean", "rsi", "sma", "ema", "atr")
    )
