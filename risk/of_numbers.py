"""The base of sections that hold numbers: true and false are none."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from domain import truths


class NumberSection(BaseModel):
    """A section of settings that takes no truth value for a number, as `slices = true` would be 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        truths.refuse(value, cls.model_fields[str(info.field_name)].annotation)
        return value
