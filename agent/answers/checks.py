"""Answers of `agent drill`, `agent mcp`, `agent sandbox` and `agent serve`."""

from msgspec import Struct


class DrillAnswer(Struct, frozen=True, kw_only=True):
    """`agent drill`: by fault its runs, kills, orders lost, doubled and unexplained.

    `bare` is for how many seconds a position stood without a stop at most.
    """

    kept: bool
    runs: int
    interrupted: int
    orders: int
    lost: int
    doubled: int
    unexplained: int
    by_fault: dict[str, list[int]]
    bare: dict[str, float]
    by_point: dict[str, int]
    broken: list[str]
    stopped: bool


class SandboxAnswer(Struct, frozen=True, kw_only=True):
    """The first line of `agent sandbox`: where it listens, what it trades."""

    base_url: str
    ws_url: str
    ws_api_url: str
    symbols: list[str]
    interval: str
    faults: int


class StandingStill(Struct, frozen=True, kw_only=True):
    """A line of `agent sandbox`: the data has ended, prices stand still."""

    standing_still: bool


class ModelServerAnswer(Struct, frozen=True, kw_only=True):
    """The line of `agent sandbox --model`: where it listens, and how many faults are in force."""

    base_url: str
    faults: int


class ServeAnswer(Struct, frozen=True, kw_only=True):
    """The line of `agent serve`, once it listens: `login` lets one browser in, once, within ten minutes."""

    url: str
    login: str
    docs: str
    token_file: str
    home: str
    pid: int


class BesideAnswer(Struct, frozen=True, kw_only=True):
    """The line of `agent serve --without-http`, once it does the jobs."""

    home: str
    pid: int


class McpAnswer(Struct, frozen=True, kw_only=True):
    """The line of `agent mcp --http`, once it listens."""

    url: str
    token_file: str
    home: str
    pid: int
