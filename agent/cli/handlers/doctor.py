"""`agent doctor`."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from agent.cli.output.streams import say, say_json
from agent.doctor.doctor import examine as examine_all
from agent.host.clock import SystemClock


def examine(config: Path | None, home: Path | None, base_url: str | None, *, live: bool, json: bool) -> None:
    """Print what was found; exit 1 when something is wrong."""
    flags: dict[str, Any] = {"home": home} if home else {}
    if base_url:
        flags["exchange"] = {"base_url": base_url}
    result = examine_all(flags, config, SystemClock(), live=live)
    if json:
        say_json([msgspec.to_builtins(each) for each in result])
    else:
        for each in result:
            say(f"{each.level:<5} {each.subject}: {each.what}")
            if each.remedy and each.level != "ok":
                say(f"      -> {each.remedy}")
    if any(each.level == "fail" for each in result):
        sys.exit(1)
