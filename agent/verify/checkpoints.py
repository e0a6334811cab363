"""The checkpoints of a journal, compared with what they are a cache of: the fold of every row."""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from agent.settings.settings import Options
from agent.state.checkpoint import FORMAT, Checkpoint, Header, Resumed, blank, decoded_state, read, taken
from agent.state.checkpoints import CheckpointName, Checkpoints
from agent.state.key import fold_key, one_way_cost_ppm
from domain.events import SessionStarted
from domain.ports import Records, Row
from reasoning.remembered import Remembered


class Compared(NamedTuple):
    """Checkpoints that were compared, and the row of the first that is not the fold, None where all are."""

    checked: int
    wrong: int | None = None


def compare(
    journal: Records,
    checkpoints: Checkpoints,
    options: Options,
    progress: Callable[[int], None] = lambda _: None,
) -> Compared:
    """Fold a journal from its first row and compare each checkpoint of this program and options with it.

    Where one is not the fold all of them are dropped: the next session folds every row. Raises JournalFault
    where the chain is broken.
    """
    key = fold_key(options)
    places = {
        each.seq: each
        for each in checkpoints.places()
        if each.key == key and each.journal_id == journal.journal_id
    }
    last = max(places, default=0)
    fold, checked = blank(options, one_way_cost_ppm(options)), 0
    started: SessionStarted | None = None
    for row in journal.rows() if last else ():
        fold.state.apply(row.event)
        started = row.event if isinstance(row.event, SessionStarted) else started
        known = _kept(checkpoints, places.get(row.seq), row)
        if known is not None and started is not None:
            checked += 1
            header = Header(FORMAT, journal.journal_id, row.seq, row.hash, key, started)
            if not _same(known, header, fold):
                checkpoints.drop(places.values())
                return Compared(checked, row.seq)
        progress(row.seq)
        if row.seq >= last:
            break
    return Compared(checked)


def _kept(checkpoints: Checkpoints, entry: CheckpointName | None, row: Row) -> Checkpoint | None:
    """Return the checkpoint of a row, None where a session would not believe it anyway."""
    known = None if entry is None else checkpoints.read(entry)
    fits = known is not None and known.settled is not None and known.header.hash == row.hash
    return known if fits else None


def _same(known: Checkpoint, header: Header, fold: Resumed) -> bool:
    now = taken(header, fold.state, fold.mind)
    other = read(now.body)
    return other is not None and _facts(known) == _facts(other)


def _facts(checkpoint: Checkpoint) -> tuple[Any, ...]:
    minds = msgspec.msgpack.decode(checkpoint.mind, type=dict[str, Remembered])
    return decoded_state(checkpoint.state), minds, checkpoint.speaks, checkpoint.mark
