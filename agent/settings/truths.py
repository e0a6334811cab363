"""No truth for a number in any section, however deep: the base of all settings of a file.

Sections of the rooms are models of their own; those of numbers alone refuse a truth themselves too, for they
are read by themselves (`risk.of_numbers`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError, ValidationInfo, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain import truths

Place = tuple[str | int, ...]


class NoTruths(BaseModel):
    """Settings of which no number is true or false; each that is becomes a problem under its own name."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_truths(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        problems = list(_problems(value, cls.model_fields[name].annotation, ()))
        if problems:
            raise ValidationError.from_exception_data(name, problems)
        return value


def _problems(value: object, kind: Any, at: Place) -> Iterator[InitErrorDetails]:
    if truths.for_number(value, kind):
        yield {"type": PydanticCustomError("value_error", truths.COMPLAINT), "loc": at, "input": value}
    elif isinstance(value, Mapping | list | tuple):
        yield from _below(value, kind, at)


def _below(value: Any, kind: Any, at: Place) -> Iterator[InitErrorDetails]:
    """Yield the problems of what a table or a list holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields
        given = value.items() if isinstance(value, Mapping) else ()
        for name, each in given:
            if name in fields:
                yield from _problems(each, fields[name].annotation, (*at, name))
        return
    held = get_args(kind)
    if get_origin(kind) is dict and isinstance(value, Mapping):
        for name, each in value.items():
            yield from _problems(each, held[1], (*at, str(name)))
    elif get_origin(kind) in (list, tuple) and not isinstance(value, Mapping):
        for number, each in enumerate(value):
            yield from _problems(each, held[0], (*at, number))
    else:
        for each in held:
            yield from _below(value, each, at)
