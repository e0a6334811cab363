"""The command line's own group: a bad value is refused in our words, whatever read it."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from agent.host.shown import shown
from domain.complaints import complaint
from domain.errors import BadInput

LONGEST = 80
"""Characters of a bad value that are repeated."""


MAY_BE_EMPTY = frozenset({"--reason", "--schedule"})
"""Options that say something where they are empty: no schedule; a reason is asked for by its command."""

EXAMPLES = re.compile(r"Examples?: (.*?)(?:\.(?: +|$)|$)(.*)", re.DOTALL)
"""The examples of a help, up to the first point behind a word, and what follows them."""


class PlainGroup(TyperGroup):
    """Says what is wrong with a value, where the library behind typer would say it in its own words."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that was named, and what it was given, as it parses it."""
        name, command, given = super().resolve_command(ctx, args)
        if command is not None and command.epilog:
            command.epilog = listed(command.epilog)
        if command is None:
            return name, command, given
        refuse_empty(command.params, given)
        return name, command, spread(command.params, given)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Close the help with the first example of each command, where the group has no words of its own."""
        self.epilog = self.epilog or firsts(each.epilog for each in self.commands.values() if not each.hidden)
        super().format_epilog(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            errors = getattr(error.__cause__, "errors", None)
            if errors is not None:
                report = errors()[0]
                error.message = f"{shown(str(report['input']))[:LONGEST]} {complaint(report)}"
            raise


def firsts(epilogs: Iterable[str | None]) -> str | None:
    """Return the first example of each help as closing words, one to a line; None where there is none."""
    examples = [match[1].split(" | ")[0] for each in epilogs if each and (match := EXAMPLES.match(each))]
    return "\n".join(["\b", "Examples:", *(f"  {each}" for each in examples)]) if examples else None


def listed(epilog: str) -> str:
    """Return the closing words of a help, its examples one to a line: parted by bars they read as pipes."""
    match = EXAMPLES.match(epilog)
    if match is None:
        return epilog
    lines = [f"  {each}" for each in match[1].split(" | ")]
    return "\n".join(["\b", "Examples:", *lines, "", match[2]]).rstrip()


def refuse_empty(params: Sequence[Any], words: Sequence[str]) -> None:
    """Raise BadInput for an option without a value, such as `--journal "$NAME"` where NAME was never set.

    It would pass for one that is not given: another journal would be meant, or another home.
    """
    takes = {name for each in params if not getattr(each, "is_flag", True) for name in each.opts}
    for word, after in pairwise([*words, None]):
        if word == "--":
            return
        option, sign, value = (word or "").partition("=")
        if option in takes - MAY_BE_EMPTY and (value if sign else after) == "":
            raise BadInput(f"{option}: no value stands behind it; give one, or leave {option} out")


def spread(params: Sequence[Any], words: Sequence[str]) -> list[str]:
    """Give each word behind an option that may be repeated the option: `--data a b` is `--data a --data b`.

    So a shell writes `--data *.zip`, and others their lists. Not where a command has words of its own.
    """
    if any(each.param_type_name == "argument" for each in params):
        return list(words)
    repeated = {name for each in params if getattr(each, "multiple", False) for name in each.opts}
    report: list[str] = []
    option: str | None = None
    for word in words:
        if word.startswith("-"):
            option = word if word in repeated else None
        elif option is not None and report[-1] != option:
            report.append(option)
        report.append(word)
    return report
