"""Restoring: journals as they were at a time, into a home, each checked whole before it takes its place.

Theory of operation. Rows are read from the segments, checked against the chain and against every anchor there
is, and written into a draft; a last row says that this journal was restored, and up to where. Only then what
lies in the way is put aside, under another name, and the draft takes its place. So a crash at any point
leaves either the old journal or the new one, never half of one. On an account at an exchange that last row
halts the next start until a person adopts it: orders of the time that is missing may have been filled, and
nobody here knows.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from agent.answers.backups import JournalRestore, RestoreAnswer
from agent.backup import points
from agent.backup.anchored import Anchors, KnownAnchor, known_anchors, named_anchors, put_aside
from agent.backup.lines import SegmentLine
from agent.backup.points import JournalPoint, Point
from agent.backup.put_back import FilesPutBack, put_files
from agent.backup.shipping import Report, silent
from agent.backup.vault import Vault, lies_in
from agent.backup.wanted import Restoration, WantedRows, chosen, point_of
from agent.settings.home import DRAFT, PUT_ASIDE, STAMP, Home, checked_name
from domain.errors import BadInput, JournalFault
from domain.events import JournalRestored, SessionStarted
from domain.times import utc
from journal.codec import SESSION_STARTED, decode
from journal.segment import MOST
from journal.stored import Stored, chained

HALTS = (
    "journal {0} is of an account at an exchange and halts until that is adopted: "
    "agent reconcile --journal {0}, then agent reconcile --journal {0} --adopt --reason ..."
)


def restore(
    vault: Vault, home: Home, wanted: Restoration, now: datetime, report: Report = silent
) -> RestoreAnswer:
    """Put journals and files of a backup back into a home; see above.

    Raises BadInput where something is in the way or what is wanted is not there, Busy where an agent runs on
    a journal, JournalFault (Cut for a damaged segment) where it is not what was written. Then nothing was
    changed, but for journals that were finished before.
    """
    _refuse_within(vault.folder, home.root)
    point = point_of(vault, wanted)
    rows, not_yet = chosen(vault, point, wanted)
    home.make()
    if not wanted.put_aside:
        for each in rows:
            _refuse_over(home, each.known.name)
    restored = [_Restoring(vault, home, each, point, wanted, now, report).run() for each in rows]
    # Files are those of the point at or before the time: what was set later is not of then.
    of_files = (points.latest(vault, wanted.at) or point) if wanted.at is not None else point
    files = FilesPutBack([], [], [])
    last = {
        each.known.journal_id: one.rows
        for each, one in zip(rows, restored, strict=True)
        if not PUT_ASIDE.search(each.known.name)
    }
    aside = list(put_aside(home, last, now))
    if not wanted.journals:
        files = put_files(vault, home, of_files, now, over=wanted.put_aside)
        aside += put_aside(home, last, now)  # of those that came back with them
    if restored:
        home.remember(max(restored, key=lambda each: each.until or utc(0)).journal)
    return RestoreAnswer(
        folder=str(vault.folder),
        home=str(home.root),
        point=point.number,
        at=point.at,
        journals=restored,
        files=files.written,
        stayed=files.stayed,
        left_out=files.failed,
        anchors_aside=aside,
        not_yet=not_yet,
        to_do=list(_to_do(restored, files)),
    )


def _refuse_within(folder: Path, root: Path) -> None:
    """Raise BadInput for a home in the backup: both have a folder of journals."""
    if lies_in(root, folder):
        raise BadInput(f"home {root}: lies in the backup {folder}; name a folder of its own with --home")


def _to_do(restored: Iterable[JournalRestore], files: FilesPutBack) -> Iterator[str]:
    if "config.toml" in files.written:
        yield "config.toml: set keys and tokens again, no backup holds them"
    yield from (HALTS.format(each.journal) for each in restored if each.halts)


def _refuse_over(home: Home, name: str) -> None:
    """Raise BadInput where a journal of that name lies in the home already."""
    if _exists(home, name):
        where = "the database" if home.server else home.root
        raise BadInput(
            f"journal {name} is in {where} already: nothing was restored. "
            "--put-aside keeps it under another name and restores in its place; --home names another home"
        )


def _exists(home: Home, name: str) -> bool:
    return name in home.all_names() if home.server else home.journal(name).exists()


class _Restoring:
    """One journal on its way back."""

    def __init__(
        self,
        vault: Vault,
        home: Home,
        rows: WantedRows,
        point: Point,
        wanted: Restoration,
        now: datetime,
        report: Report,
    ) -> None:
        known = rows.known
        self.home = home
        self.chosen = rows
        self.known = known
        self.name = checked_name(known.name)
        self.line = SegmentLine(vault, known.name, known.line)
        self.wanted = wanted
        self.now = now
        self.report = report
        self.source = f"backup {vault.about.id}, point {point.number}"
        self.anchors = _known(vault, home, point, wanted, known)
        self.matched = 0
        self.last = self.until = 0
        self.mode = ""

    def run(self) -> JournalRestore:
        """Restore it."""
        with self.home.lock(self.name):
            kept = self._on_server() if self.home.server else self._in_file()
        return JournalRestore(
            journal=self.name,
            rows=self.last,
            of_rows=self.known.seq,
            halts=self.mode in ("testnet", "live"),
            until=utc(self.until) if self.last else None,
            where=self.name if self.home.server else str(self.home.journal(self.name)),
            put_aside=kept,
            anchors=self.matched,
            of_market=self.chosen.market,
            as_of=self.chosen.as_of,
        )

    def _in_file(self) -> str | None:
        from journal.rebuild import rebuild, take_place  # noqa: PLC0415  # what opens a database takes a while

        path = self.home.journal(self.name)
        draft = path.with_name(path.name + DRAFT)
        rebuild(draft, self.known.journal_id, self._rows())
        kept = self._put_aside()
        take_place(draft, path)
        return kept

    def _on_server(self) -> str | None:
        from journal.server_rebuild import rebuild  # noqa: PLC0415  # psycopg is an extra

        server = self.home.server or ""
        for _ in self._rows():  # all of it is read and checked before anything is put aside
            pass
        kept = self._put_aside()
        rebuild(server, self.name, self.known.journal_id, self._rows())
        return kept

    def _put_aside(self) -> str | None:
        """Give what lies in the way another name, with the checkpoints that are of it."""
        if not _exists(self.home, self.name):
            return None
        if not self.wanted.put_aside:
            _refuse_over(self.home, self.name)
        stamp = f"{self.now:{STAMP}}"
        kept = self.home.archive(self.name, stamp)
        with suppress(OSError):
            folder = self.home.checkpoints(self.name)
            folder.rename(folder.with_name(f"{self.name}.{stamp}"))
        return None if kept is None else str(kept)

    def _rows(self) -> Iterator[Stored]:
        """Yield the rows that are wanted, each checked, and the one that says what this journal is."""
        anchors, last = Anchors(self.anchors, self.name), None
        limit = self.known.seq if self.wanted.seq is None else self.wanted.seq
        if limit > self.known.seq:
            raise BadInput(f"--seq {limit}: this point has rows 1 to {self.known.seq} of journal {self.name}")
        for last in self.line.rows(self.chosen.too_late, limit):
            anchors.hold(last)
            if last.seq % MOST == 0:
                self.report(self.name, last.seq, limit)
            if last.kind == SESSION_STARTED:
                self.mode = _mode(last)
            yield last
        if last is None:
            raise BadInput(f"journal {self.name}: no row is as old as that")
        if last.seq == self.known.seq and last.hash.hex() != self.known.hash:
            raise JournalFault(f"journal {self.name}: row {last.seq} is not the one this point names")
        self.last, self.until, self.matched = last.seq, last.at, anchors.matched
        restored = JournalRestored(self.now, last.seq, last.hash.hex(), self.source)
        yield from chained(last.seq, last.hash, [restored])


def _known(
    vault: Vault, home: Home, point: Point, wanted: Restoration, known: JournalPoint
) -> list[KnownAnchor]:
    """Return the anchors a journal is held against.

    Of several journals with one id they are of the one that goes on: what was put aside has other rows, and
    is held against no anchor but those that are named for it alone.
    """
    if PUT_ASIDE.search(known.name) is None:
        return known_anchors(vault, home, point, wanted.anchors, known.journal_id)
    return named_anchors(wanted.anchors if wanted.journals == (known.name,) else (), known.journal_id)


def _mode(row: Stored) -> str:
    """Return the mode of the session that a row starts."""
    event = decode(row.payload)
    return event.mode if isinstance(event, SessionStarted) else ""
