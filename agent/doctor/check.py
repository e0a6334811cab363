"""The result of one doctor check: level, text, remedy."""

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "fail"]


class CheckResult(msgspec.Struct, frozen=True):
    """One thing examined: how it is, and what to do when it is not well."""

    subject: str
    level: Level
    what: str
    remedy: str = ""
