"""Mirrors of journals in memory, taken in at once or in parts, and sessions worth mirroring."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from agent import wiring
from agent.serve.mirror.mirror import Mirror, RawRow
from agent.settings.settings import Options
from domain.commands import Command
from domain.errors import BadInput
from domain.ports import Pacer
from domain.times import MINUTE_MS
from journal.memory import MemoryJournal
from journal.stored import Stored
from tests.agent.world import ID, START, Step, World, ask


def raw(rows: Sequence[Stored]) -> list[RawRow]:
    return [RawRow(row.seq, row.payload, row.hash) for row in rows]


def mirror_of(
    journal: MemoryJournal, folder: Path, *, batch: int = 100, reopen_at: int | None = None
) -> Mirror:
    """Return a mirror that took a journal's rows in batches, and was opened anew once on the way."""
    mirror = Mirror(folder / "x.db", "x")
    mirror.begin(journal.journal_id)
    last = journal.head()[0]
    while mirror.head < last:
        mirror.take(raw(journal.page(mirror.head, batch)))
        if reopen_at is not None and mirror.head >= reopen_at:
            mirror.close()
            mirror = Mirror(folder / "x.db", "x")
            mirror.begin(journal.journal_id)
            reopen_at = None
    return mirror


class Interrupted:
    """A pacer between whose cycles people ask for things."""

    def __init__(self, world: World, inner: Pacer, asked: Mapping[int, Command]) -> None:
        self.world = world
        self.inner = inner
        self.asked = dict(asked)

    def next(self) -> datetime | None:
        command = self.asked.pop(self.world.state.cycle_id, None)
        if command is not None:
            with suppress(BadInput):
                ask(self.world, command)
        return self.inner.next()


def session(
    journal: MemoryJournal,
    steps: Sequence[Step],
    asked: Mapping[int, Command] | None = None,
    *,
    options: Options | None = None,
    start: int = START,
) -> World:
    """Run one session on a journal, with commands behind cycles of some numbers."""
    world = World(steps, options=options, journal=journal, start=start)
    source = wiring.MarketSource(world.market, world.market, dict)
    pacer = wiring.pacer(world.options, source, world.clock, world.inbox.wait)
    world.session.run(Interrupted(world, pacer, asked or {}))
    journal.reopen()
    return world


def after(steps: Sequence[Step]) -> int:
    """Return when a session may begin that follows one of these steps."""
    return START + (len(steps) + 5) * MINUTE_MS


__all__ = ["ID", "Interrupted", "after", "mirror_of", "raw", "session"]
