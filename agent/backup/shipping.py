"""Shipping: a journal's new rows go into new segments of its line, each whole and durable before the next."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from agent.backup.lines import End, SegmentLine, lines_of, next_line
from agent.backup.source import RowSource, Unheard, source
from agent.backup.vault import Vault
from agent.settings.home import Home
from domain.errors import JournalFault
from journal.chain import genesis, link
from journal.segment import MOST, packed
from journal.stored import Stored

MOST_BYTES = 8 * 1024 * 1024
"""Payload of one segment, at most, but for a row that is larger alone."""


class Shipped(NamedTuple):
    """A journal after a backup: its line, where that ends, what was new; `fault` is what ended it early."""

    line: SegmentLine
    end: End
    rows: int
    bytes: int
    note: str = ""
    fault: Exception | None = None


Report = Callable[[str, int, int], None]
"""Told of a journal's name, the rows that are done and those there are, now and then."""


def silent(journal: str, done: int, rows: int) -> None:
    """Tell nobody."""
    del journal, done, rows


def ship(vault: Vault, home: Home, journal: str, report: Report = silent) -> Shipped:
    """Write a journal's new rows into its line. Raises BadInput, JournalFault, OSError.

    Where a line has rows, a failure is no error but told in what is returned: those before it are kept.
    """
    try:
        return _shipped(vault, home, journal, report, ask=True)
    except Unheard:  # its agent ended meanwhile, or is too old to ask
        return _shipped(vault, home, journal, report, ask=False)


def _shipped(vault: Vault, home: Home, journal: str, report: Report, *, ask: bool) -> Shipped:
    def known(journal_id: str) -> int:
        lines = lines_of(vault, journal, journal_id)
        return lines[-1].end().seq if lines else 0

    with source(home, journal, known, ask=ask) as opened:
        line, end, note = _continued(vault, journal, opened)
        written = rows = 0
        report(journal, end.seq, opened.last)
        try:
            for batch in _batches(_following(opened.rows(end.seq), end)):
                content = packed(line.journal_id, end.hash, batch)
                written += vault.write(line.file((batch[0].seq, batch[-1].seq)), content)
                rows += len(batch)
                end = End(batch[-1].seq, batch[-1].hash, batch[-1].at)
                report(journal, end.seq, opened.last)
        except Unheard:
            raise
        except (JournalFault, OSError) as error:
            if not end.seq:
                raise
            return Shipped(line, end, rows, written, note, error)
        return Shipped(line, end, rows, written, note)


def _continued(vault: Vault, journal: str, opened: RowSource) -> tuple[SegmentLine, End, str]:
    """Return the line that a journal goes on with; another one where it is not what the last one holds."""
    lines = lines_of(vault, journal, opened.journal_id)
    if not lines:
        line = next_line(vault, journal, opened.journal_id)
        return line, End(0, genesis(opened.journal_id), 0), ""
    line = lines[-1]
    end = line.end()
    if end.seq == 0 or _same(opened, end):
        return line, end, ""
    how = "does not have" if opened.last < end.seq else "has otherwise"
    note = f"its backup goes to row {end.seq}, which this journal {how}: a new line begins, the old one stays"
    fresh = next_line(vault, journal, opened.journal_id)
    return fresh, End(0, genesis(opened.journal_id), 0), note


def _same(opened: RowSource, end: End) -> bool:
    """Say whether a journal has the very row that a line ends with."""
    if opened.last < end.seq:
        return False
    row = next(opened.rows(end.seq - 1), None)
    return row is not None and row.seq == end.seq and row.hash == end.hash


def _batches(rows: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Yield rows in lots of a segment's size; where they end in a fault, what came before it all the same."""
    batch: list[Stored] = []
    size = 0
    try:
        for row in rows:
            batch.append(row)
            size += len(row.payload)
            if len(batch) >= MOST or size >= MOST_BYTES:
                yield batch
                batch, size = [], 0
    except JournalFault:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _following(rows: Iterable[Stored], end: End) -> Iterator[Stored]:
    """Yield rows while each follows the one before. Raises JournalFault naming the first that does not."""
    seq, previous = end.seq, end.hash
    for row in rows:
        seq += 1
        if row.seq != seq or type(row.payload) is not bytes or link(previous, seq, row.payload) != row.hash:
            raise JournalFault(f"the journal breaks at row {seq}: it does not follow the row before")
        previous = row.hash
        yield row
