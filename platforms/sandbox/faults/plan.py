"""The plan of faults: by request, by event and by time. Deterministic by seed and order of arrival."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from platforms.sandbox.faults.faults import EVENT_KINDS, REQUEST_KINDS, Fault, read_plan


@dataclass
class _Armed:
    fault: Fault
    since: int
    chance: random.Random
    rounds: int = 0


@dataclass(frozen=True)
class Due:
    """A timed fault whose moment has come; `until` in ms is when it ends, None for never."""

    fault: Fault
    at: int
    until: int | None


class FaultPlan:
    """The faults in force. Times in ms of the exchange's own run, not of its possibly wrong clock."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []

    def load(self, table: Mapping[str, Any], now: int) -> None:
        """Add the faults of a plan; their `start` counts from now. Raises ValueError."""
        seed, faults = read_plan(table)
        self._seed = self._seed if seed is None else seed
        self.add(faults, now)

    def add(self, faults: Iterable[Fault], now: int) -> None:
        """Add faults that were read."""
        for fault in faults:
            name = f"{self._seed}:{len(self._armed)}"
            self._armed.append(_Armed(fault, now, random.Random(name)))  # noqa: S311 -- seeded on purpose

    def clear(self) -> None:
        """Put no fault in force any more."""
        self._armed.clear()

    def told(self) -> list[dict[str, Any]]:
        """Return the faults with how often each struck."""
        return [
            {
                "kind": one.fault.kind,
                **{k: v for k, v in one.fault.values.items() if v is not None and k != "kind"},
            }
            | {"fired": one.fault.fired}
            for one in self._armed
        ]

    def for_request(self, method: str, path: str, now: int) -> list[Fault]:
        """Return the faults that strike this request."""
        return [
            one.fault
            for one in self._armed
            if one.fault.kind in REQUEST_KINDS
            and _like(method, one.fault["method"])
            and _like(path, one.fault["path"])
            and _strikes(one, now)
        ]

    def for_event(self, event: str, now: int) -> list[Fault]:
        """Return the faults that strike this user-data event."""
        return [
            one.fault
            for one in self._armed
            if one.fault.kind in EVENT_KINDS and _like(event, one.fault["event"]) and _strikes(one, now)
        ]

    def due(self, now: int) -> list[Due]:
        """Return the timed faults whose moment has come since the last time."""
        results = []
        for one in self._armed:
            if one.fault.kind in REQUEST_KINDS | EVENT_KINDS:
                continue
            while (at := _moment(one)) is not None and at <= now:
                one.rounds += 1
                one.fault.fired += 1
                lasts = one.fault["duration"]
                results.append(Due(one.fault, at, None if lasts is None else at + int(lasts * 1000)))
        return results


def _moment(one: _Armed) -> int | None:
    every, count = one.fault["every"], one.fault["count"]
    if one.rounds >= (count or 1) and (every is None or count is not None):
        return None
    return one.since + int((one.fault["start"] + one.rounds * (every or 0)) * 1000)


def _strikes(one: _Armed, now: int) -> bool:
    fault = one.fault
    begin = one.since + int(fault["start"] * 1000)
    lasts = fault["duration"]
    if now < begin or (lasts is not None and now >= begin + int(lasts * 1000)):
        return False
    if fault["count"] is not None and fault.fired >= fault["count"]:
        return False
    if one.chance.random() >= fault["probability"]:
        return False
    fault.fired += 1
    return True


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern)
