"""The command line's own group: a bad value is refused in our words, whatever read it."""

from typing import Any

import typer
from typer.core import TyperGroup

from agent.shown import shown
from domain.complaints import complaint

LONGEST = 80
"""Characters of a bad value that are repeated."""


class PlainGroup(TyperGroup):
    """Says what is wrong with a value, where the library behind typer would say it in its own words."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            errors = getattr(error.__cause__, "errors", None)
            if errors is not None:
                told = errors()[0]
                error.message = f"{shown(str(told['input']))[:LONGEST]} {complaint(told)}"
            raise
