"""`agent doctor`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.cli.output.streams import answer
from agent.doctor.check import CheckResult
from agent.doctor.doctor import examine as examine_all
from agent.host.clock import SystemClock


def examine(config: Path | None, home: Path | None, base_url: str | None, *, live: bool, json: bool) -> None:
    """Print what was found; exit 1 when something is wrong."""
    flags: dict[str, Any] = {"home": home} if home else {}
    if base_url:
        flags["exchange"] = {"base_url": base_url}
    result = examine_all(flags, config, SystemClock(), live=live)
    answer(result, lines, json=json)
    if any(each.level == "fail" for each in result):
        sys.exit(1)


def lines(result: Iterable[CheckResult]) -> Iterator[str]:
    """Yield what was found, each with what to do where it is not well."""
    for each in result:
        yield f"{each.level:<5} {each.subject}: {each.what}"
        if each.remedy and each.level != "ok":
            yield f"      -> {each.remedy}"
