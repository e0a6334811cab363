"""Amounts as every answer tells them: exact decimal texts, the same in a body, a list and an event."""

from typing import Annotated, Any, TypeVar

import msgspec

from domain.errors import BadInput

T = TypeVar("T")

Amount = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^-?[0-9]+(\.[0-9]+)?$",
        description="An exact decimal number as text: money in the quote currency, a price or a quantity.",
    ),
]

Values = dict[str, Any]
"""Parameters of a strategy by name: numbers, texts or truth values, as its own model declares them."""


def decoded_as(kind: type[T], plain: object) -> T:
    """Return a running agent's answer as the struct it was. Raises BadInput for that of another version."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise BadInput(
            f"the running agent answers as another version does ({error}); use its own, or start it anew"
        ) from None
