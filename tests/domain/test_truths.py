"""A truth is no number, whatever a library would make of it."""

from decimal import Decimal
from typing import Annotated, Literal

import pytest

from domain import truths


@pytest.mark.parametrize(
    "kind", [int, float, Decimal, Annotated[Decimal, "above 0"] | None, float | Literal["max"] | None]
)
def test_a_truth_is_refused_where_a_number_is_wanted(kind: object) -> None:
    assert not truths.for_number(1, kind)
    with pytest.raises(ValueError, match="must be a number, not true or false"):
        truths.refuse(True, kind)


@pytest.mark.parametrize("kind", [bool, bool | None, str, bool | int, Literal["off", "on"]])
def test_a_truth_is_taken_where_one_may_stand_or_is_told_by_its_own_kind(kind: object) -> None:
    truths.refuse(False, kind)
