"""Fields of the exchange's answers: decimals come as strings and stay exact."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.errors import BadAnswer

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")

Json = Mapping[str, Any]


def field(answer: Any, name: str) -> Any:
    """Return a field. Raises BadAnswer when there is none."""
    if not isinstance(answer, Mapping) or name not in answer:
        raise BadAnswer(f"answer without {name}")
    return answer[name]


def number(answer: Any, name: str) -> Decimal:
    """Return a non-negative decimal that the exchange wrote as a string."""
    value = field(answer, name)
    if not isinstance(value, str) or not NUMBER.fullmatch(value):
        raise BadAnswer(f"{name} is no number: {str(value)[:40]!r}")
    return Decimal(value)
