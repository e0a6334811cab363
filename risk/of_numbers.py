"""The base of sections that hold numbers: true and false are none."""

from decimal import Decimal
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

NUMBERS = frozenset({int, float, Decimal})


class NumberSection(BaseModel):
    """A section of settings that takes no truth value for a number, as `slices = true` would be 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and not NUMBERS.isdisjoint(get_args(kind) or (kind,)):
            raise ValueError("must be a number, not true or false")
        return value
