"""The places of channels in the file of notices: how far each has told, what it holds back, its health."""

from datetime import datetime

import msgspec

from agent.notices.file import NoticesFile
from agent.notices.records import ChannelState, DeadLetter, Held
from agent.notices.rows import LETTER, letter_of
from domain.times import millis, utc
from edge.typed_json import typed

KEPT_LETTERS = 500
"""Dead letters that are kept, the latest."""


class ChannelPlaces:
    """The places of all channels; each method names its channel. Every one raises NoticesFault."""

    def __init__(self, file: NoticesFile) -> None:
        self.file = file

    def cursors(self, channel: str) -> dict[str, int]:
        """Return how far a channel has told, by source: a journal's id, or "notices"."""
        return dict(self.file.do("SELECT source, seq FROM cursors WHERE channel = ?", channel))

    def move(self, channel: str, source: str, seq: int) -> None:
        """Note that a channel has told everything of a source up to a number; it never goes back."""
        self.file.do(
            "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
            *(channel, source, seq),
        )

    def rewind(self, channel: str, source: str, seq: int) -> None:
        """Set a channel back in a source that was itself set back: a journal that was restored."""
        self.file.do("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", channel, source, seq)

    def hold(self, channel: str, held: Held) -> None:
        """Note that a channel passed a message over for later."""
        values = (channel, held.source, held.seq, held.part, millis(held.due))
        self.file.do("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)", *values)

    def held(self, channel: str) -> list[Held]:
        """Return what a channel holds back, in the order it was said."""
        rows = self.file.do(
            "SELECT source, seq, part, due FROM held WHERE channel = ? ORDER BY due, source, seq, part",
            channel,
        )
        return [Held(source=row[0], seq=row[1], part=row[2], due=utc(row[3])) for row in rows]

    def release(self, channel: str, held: Held) -> None:
        """Hold a message back no longer."""
        self.file.do(
            "DELETE FROM held WHERE channel = ? AND source = ? AND seq = ? AND part = ?",
            *(channel, held.source, held.seq, held.part),
        )

    def tell(self, channel: str, key: str, at: datetime) -> None:
        """Note that a channel has told of something; from now on it is counted how often it is said again."""
        self.file.do("INSERT OR REPLACE INTO told VALUES (?, ?, ?, 0)", channel, key, millis(at))

    def told(self, channel: str, key: str) -> tuple[datetime, int] | None:
        """Return when a channel told of something last, and how often it was said since; None for never."""
        rows = self.file.do("SELECT at, again FROM told WHERE channel = ? AND key = ?", channel, key)
        return (utc(rows[0][0]), rows[0][1]) if rows else None

    def all_told(self, channel: str) -> dict[str, tuple[datetime, int]]:
        """Return everything a channel told lately, as `told` does."""
        rows = self.file.do("SELECT key, at, again FROM told WHERE channel = ?", channel)
        return {key: (utc(at), again) for key, at, again in rows}

    def forget(self, channel: str, before: datetime) -> None:
        """Forget what a channel told before an instant and was not said again since."""
        self.file.do("DELETE FROM told WHERE channel = ? AND at < ? AND again = 0", channel, millis(before))

    def again(self, channel: str, key: str) -> None:
        """Count something that was said again and is not told."""
        self.file.do("UPDATE told SET again = again + 1 WHERE channel = ? AND key = ?", channel, key)

    def state(self, channel: str) -> ChannelState:
        """Return a channel's health."""
        rows = self.file.do("SELECT state FROM channels WHERE name = ?", channel)
        return typed(rows[0][0], ChannelState) if rows else ChannelState(name=channel)

    def set_state(self, state: ChannelState) -> None:
        """Keep a channel's health."""
        self.file.do("INSERT OR REPLACE INTO channels VALUES (?, ?)", state.name, msgspec.json.encode(state))

    def bury(self, letter: DeadLetter) -> None:
        """Keep a message that is never sent; its number is given here. The oldest go."""
        self.file.do(
            "INSERT INTO dead_letters (channel, id, kind, severity, agent, title, why, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(letter.channel, letter.id, letter.kind, letter.severity, letter.agent, letter.title),
            *(letter.why, millis(letter.at)),
        )
        self.file.do(
            "DELETE FROM dead_letters WHERE number <= (SELECT max(number) FROM dead_letters) - ?",
            KEPT_LETTERS,
        )

    def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return the latest messages that were never sent, newest first."""
        rows = self.file.do(f"{LETTER} ORDER BY number DESC LIMIT ?", limit)
        return [letter_of(row) for row in rows]
