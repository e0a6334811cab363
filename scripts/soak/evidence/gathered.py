"""The evidence of a soak: the journal's rows, the log, error output and traces of the key."""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from domain import errors
from domain.errors import VenueFault
from scripts.soak.rig.faults import Phase
from scripts.soak.rig.probe import Probe
from scripts.soak.rig.process import Told, Turn, millis_of
from scripts.soak.rig.sample import Sample

VENUE_FAULTS = frozenset(
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, VenueFault)
)
"""Kinds of error that are theirs; any other in the log is ours."""

CHUNK = 1 << 20


class Seen(NamedTuple):
    """One observation as the journal has it: `refusals` are the candle provider's reasons, joined."""

    at_ms: int
    symbol: str
    source: str
    provider: str
    fetched_ms: int
    refusals: str


class Digest(NamedTuple):
    """A digest of the journal: its observations, and how many rows of which kind it has."""

    seen: tuple[Seen, ...]
    rows: Mapping[str, int]
    cycles: tuple[int, ...]


class Dated(Protocol):
    """Something with an instant in milliseconds."""

    @property
    def at_ms(self) -> int:
        """The instant it happened."""
        ...


D = TypeVar("D", bound=Dated)


class Ending(NamedTuple):
    """The end of the process: exit code (None: had to be killed), seconds after SIGTERM, its last words."""

    code: int | None
    seconds: float
    asked: bool
    summary: dict[str, Any] | None


class Evidence(NamedTuple):
    """Everything the judgement looks at.

    Second 0 is when the first cycle was done, `start_seconds` after the start and at `began_ms` by the
    clock; `seconds` is when the agent was asked to stop. `phases` are as they really were,
    `faults` the kinds that were asked for, `cached_seconds` the age up to which kept data may serve.
    """

    began_ms: int
    start_seconds: float
    seconds: float
    interval: float
    cached_seconds: float
    faults: tuple[str, ...]
    phases: tuple[Phase, ...]
    turns: tuple[Turn, ...]
    samples: tuple[Sample, ...]
    probes: tuple[Probe, ...]
    digest: Digest
    log_problems: tuple[str, ...]
    stderr_problems: tuple[str, ...]
    garbage: tuple[str, ...]
    ending: Ending
    verify: Told
    replay: Told
    key_traces: tuple[str, ...]
    key_sent: int
    second_requests: int
    second_limit: int

    def moment(self, at_ms: int) -> float:
        """Return an instant as seconds since the run began."""
        return (at_ms - self.began_ms) / 1000

    def between(self, dated: Sequence[D], begins: float, ends: float) -> list[D]:
        """Return what happened in a stretch of the run; `dated` is in the order of its `at_ms`."""
        first, last = (
            bisect_left(dated, self.began_ms + round(seconds * 1000), key=lambda each: each.at_ms)
            for seconds in (begins, ends)
        )
        return list(dated[first:last])


def digest(lines: Iterable[str], provider: str = "binance") -> Digest:
    """Read `agent journal export`, row by row. Raises ValueError or KeyError for a row that is none."""
    seen: list[Seen] = []
    rows: Counter[str] = Counter()
    cycles: list[int] = []
    for line in lines:
        event = json.loads(line)["event"]
        rows[event["type"]] += 1
        if event["type"] == "cycle_ended":
            cycles.append(event["cycle_id"])
        elif event["type"] == "cycle_decided":
            at = millis_of(event["at"])
            seen.extend(_seen(at, each, provider) for each in event["observations"])
    return Digest(tuple(seen), rows, tuple(cycles))


def _seen(at: int, each: dict[str, Any], provider: str) -> Seen:
    reasons = [attempt["reason"] for attempt in each.get("attempts", ()) if attempt["provider"] == provider]
    return Seen(
        at,
        each["symbol"],
        each["source"],
        each["provider"],
        millis_of(each["fetched_at"]),
        "; ".join(reasons),
    )
