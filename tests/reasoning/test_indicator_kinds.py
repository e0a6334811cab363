"""Every indicator keeps the rules of kernels: block, warm-up, no look-ahead."""

import math
from itertools import product
from typing import Any

import pytest

from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.indicators.table import INDICATORS
from reasoning.kernels.subset import fault_of
from tests.reasoning.indicating import COLUMNS, SCENES, as_row, small, stepped, walked

EARLY = {"swept", "gaps", "order_blocks"}
"""Kinds of several things, some of which are known before the rest."""

each_kind = pytest.mark.parametrize("kind", INDICATORS.values(), ids=INDICATORS)


@each_kind
def test_a_kind_is_told_whole(kind: IndicatorKind) -> None:
    assert INDICATORS[kind.name] is kind
    assert kind.title.endswith("."), kind.title
    assert all((kind.formula, kind.source, kind.convention, kind.family))
    assert {DEFAULTS.get(name, name) for name in kind.inputs} <= set(COLUMNS)
    for each in kind.parameters:
        assert each.low <= each.default <= each.high
        assert type(each.default) is each.kind
    assert fault_of(kind.step) is None


@each_kind
def test_it_keeps_to_its_block_and_says_only_numbers(kind: IndicatorKind) -> None:
    for columns, parameters in product(SCENES.values(), (kind.defaults, small(kind))):
        rows = stepped(kind, columns, *parameters)
        assert {len(row) for row in rows} == {len(kind.outputs)}
        assert all(type(value) is float and math.isfinite(value) for row in rows for value in row)
        warmup = kind.warmup(*parameters)
        early = any(value for row in rows[:warmup] for value in row)
        assert kind.name in EARLY or not early, "a value before its warm-up"


@each_kind
def test_its_warmup_is_where_it_begins_and_its_outputs_are_named(kind: IndicatorKind) -> None:
    for parameters in (kind.defaults, small(kind)):
        warmup = kind.warmup(*parameters)
        rows = stepped(kind, walked(warmup + 40), *parameters)
        first = next((index for index, row in enumerate(rows) if any(row)), warmup)
        assert first == warmup or (kind.late and first > warmup) or kind.name in EARLY
    assert getattr(kind.step, "__annotations__", {})["return"] is float or kind.outputs == (
        kind.step.__annotations__["return"]._fields
    )


@each_kind
def test_what_comes_later_changes_nothing(kind: IndicatorKind) -> None:
    whole = stepped(kind, SCENES["ticks"])
    for cut in (1, 57, 203):
        columns = {name: column[:cut] for name, column in SCENES["ticks"].items()}
        assert stepped(kind, columns) == whole[:cut]


@each_kind
def test_two_of_a_kind_side_by_side_do_not_touch_each_other(kind: IndicatorKind) -> None:
    columns, size = SCENES["ticks"], kind.size(*kind.defaults)
    memory: Any = [0.0] * (2 * size)
    alone = stepped(kind, columns)
    inputs = [columns[DEFAULTS.get(name, name)] for name in kind.inputs]
    for index, row in enumerate(alone):
        now = [column[index] for column in inputs]
        assert as_row(kind.step(memory, 0, *kind.defaults, *now)) == row
        kind.step(memory, size, *kind.defaults, *[value + 1.0 for value in now])
