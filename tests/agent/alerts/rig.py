"""A clock, an outbox and channels in memory, and messages to put into it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import AlertKind, Later, Message, Severity
from agent.alerts.delivery import Delivery
from agent.alerts.rows import Telling, identity
from agent.alerts.rules import SendRules
from agent.alerts.sources import Batch
from agent.notices import Notices

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
JOURNAL = "a1b2c3d4e5f6"


class Hands:
    """A clock whose hands a test moves."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at
        self.passed = 1_000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed += seconds


def message(seq: int, kind: AlertKind = AlertKind.FILL, **more: object) -> Message:
    values = {
        "id": identity(JOURNAL, seq), "at": NOW, "kind": kind, "severity": Severity.INFO, "agent": "paper",
        "title": f"message {seq}",
    } | more  # fmt: skip
    return Message(**values)  # type: ignore[arg-type]


def critical(seq: int) -> Message:
    return message(seq, AlertKind.KILL_SWITCH, severity=Severity.CRITICAL, title=f"kill {seq}")


class Said:
    """An outbox in memory: messages by source and number."""

    def __init__(self) -> None:
        self.sources: dict[str, list[Telling]] = {JOURNAL: []}
        self.head: dict[str, int] = {JOURNAL: 0}
        self.was_cut: set[str] = set()

    def say(self, *messages: Message, source: str = JOURNAL, once: bool = False, silent: int = 0) -> None:
        """Have messages said, each in a row of its own, behind rows that say nothing."""
        for each in messages:
            seq = self.head.get(source, 0) + 1 + silent
            self.head[source] = seq
            key = f"{each.kind}/{each.title}" if once else ""
            self.sources.setdefault(source, []).append(Telling(each, source, seq, 0, once=key))

    def row(self, *parts: Message, source: str = JOURNAL) -> None:
        """Have one row say several things."""
        seq = self.head[source] = self.head.get(source, 0) + 1
        for part, each in enumerate(parts):
            self.sources[source].append(Telling(each, source, seq, part))

    def heads(self) -> Mapping[str, int]:
        return dict(self.head)

    def beginning(self, source: str, *, new: bool) -> int:
        return self.head[source] if new else 0

    def cut(self, source: str, seq: int) -> bool:
        return source in self.was_cut and seq > self.head[source]

    def read(self, source: str, after: int) -> Batch:
        until = min(self.head[source], after + 50)
        return Batch([each for each in self.sources[source] if after < each.seq <= until], until)

    def one(self, source: str, seq: int, part: int) -> Telling | None:
        there = self.sources.get(source, [])
        return next((each for each in there if (each.seq, each.part) == (seq, part)), None)


class Fickle:
    """A channel that keeps what arrives, and fails as a test says: an error, or one behind the arrival."""

    def __init__(self, name: str = "ops") -> None:
        self.name = name
        self.arrived: list[Message] = []
        self.fails: list[Exception | None] = []
        self.late = False
        self.asked = 0

    def send(self, message: Message) -> None:
        self.asked += 1
        fault = self.fails.pop(0) if self.fails else None
        if fault is None or self.late:
            self.arrived.append(message)
        if fault is not None:
            raise fault

    @property
    def titles(self) -> list[str]:
        return [each.title for each in self.arrived]


class Rig:
    """A delivery over an outbox in memory; it can die and come back."""

    def __init__(self, folder: Path, rules: SendRules | None = None) -> None:
        self.path = folder / "notices.db"
        self.hands = Hands()
        self.outbox = Said()
        self.channel = Fickle()
        self.rules = rules or SendRules()
        self.died: list[tuple[str, Sequence[Message]]] = []
        self.others: dict[str, bool] = {}
        self.begin()

    def begin(self) -> None:
        self.notices = Notices(self.path)
        bookmark = Bookmark(self.notices, self.channel.name)
        self.delivery = Delivery(
            self.channel, self.outbox, bookmark, self.rules, self.hands, lambda: 0.5,
            lambda: {self.channel.name: self.delivery.state.dead is not None} | self.others,
            lambda why, waiting: self.died.append((why, list(waiting))),
        )  # fmt: skip

    def restart(self) -> None:
        """Die and come back, with nothing but what is in the file."""
        self.notices.close()
        self.begin()

    def settle(self, seconds: float = 0.0, steps: int = 30) -> None:
        """Let time pass, then work until nothing is left to do now."""
        self.hands.sleep(seconds)
        for _ in range(steps):
            if self.delivery.step():
                return

    def close(self) -> None:
        self.notices.close()


def later(seconds: float | None = None) -> Later:
    return Later(seconds, "http 500")
