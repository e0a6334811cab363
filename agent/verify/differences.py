"""The first difference between what was recorded and what a replay made of the same inputs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.events import CycleDecided, Event, SessionEnded, SessionStarted
from domain.verdict import Check


class Difference(msgspec.Struct, frozen=True):
    """The first place where a replay went another way: the event, and each field that differs."""

    cycle_id: int | None
    event: str
    fields: tuple[tuple[str, Any, Any], ...]


class ReplayTape:
    """Recorded events on one side, replayed ones on the other; remembers the first difference."""

    def __init__(self, recorded: Iterator[Event]) -> None:
        self.recorded = recorded
        self.compared = 0
        self.difference: Difference | None = None
        self.complete = True

    def check(self, event: Event) -> None:
        """Compare one replayed event with the next recorded one."""
        if self.difference is not None or isinstance(event, SessionStarted | SessionEnded):
            return
        expected = next(self.recorded, None)
        if expected is None:
            # The session was cut off here (a crash): what follows was never recorded.
            self.complete = False
            return
        self.compared += 1
        if msgspec.json.encode(expected) == msgspec.json.encode(event):
            return
        if isinstance(expected, CycleDecided) and isinstance(event, CycleDecided):
            event = without_new_rules(expected, event)
        if msgspec.json.encode(expected) != msgspec.json.encode(event):
            self.difference = difference(expected, event)


def without_new_rules(recorded: CycleDecided, replayed: CycleDecided) -> CycleDecided:
    """Return a replayed cycle without the checks of rules that came later, where these passed.

    A rule added after a session was recorded is one more check in each verdict; it changes what was decided
    only where it denies, and then its check stays and shows as the difference. One that passed is told in the
    words it was told in then.
    """
    if len(recorded.verdicts) != len(replayed.verdicts):
        return replayed
    verdicts = []
    for then, now in zip(recorded.verdicts, replayed.verdicts, strict=True):
        before = {check.rule: check for check in then.checks}
        kept = tuple(
            _in_words_of(before.get(check.rule), check)
            for check in now.checks
            if check.rule in before or not check.passed
        )
        verdicts.append(msgspec.structs.replace(now, checks=kept))
    return msgspec.structs.replace(replayed, verdicts=tuple(verdicts))


RETOLD = {"duplicate_position": ("held", "on its way")}
"""Rules whose passing checks are told in other words since: in which they were told before."""


def _in_words_of(then: Check | None, now: Check) -> Check:
    if then is None or not (then.passed and now.passed):
        return now
    return then if then.measured in RETOLD.get(now.rule, ()) else now


def difference(expected: Event, event: Event) -> Difference:
    """Return where two events differ, field by field, by dotted path."""
    left, right = msgspec.to_builtins(expected), msgspec.to_builtins(event)
    cycle_id = getattr(expected, "cycle_id", None)
    return Difference(cycle_id, str(left.get("type")), tuple(_differing("", left, right)))


def _differing(path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in dict.fromkeys([*left, *right]):
            yield from _differing(f"{path}.{key}" if path else str(key), left.get(key), right.get(key))
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differing(f"{path}[{index}]", one, other)
    elif left != right:
        yield path, left, right
