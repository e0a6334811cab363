"""Bringing a fold up to what happened while the journal could not be written, before anything else."""

from collections.abc import Callable
from datetime import datetime

from agent.host import log
from agent.outage.afterwards import Damaged, OutageFile, fits, missing
from agent.outage.journal import GuardedJournal
from agent.outage.lost import Lost
from agent.wiring import Parts
from domain.errors import JournalFault
from domain.events import Event, JournaledAfterwards


def catch_up(journal: GuardedJournal, fold: Callable[[], Parts], at: datetime) -> Parts:
    """Fold a journal and take in what was kept aside, once; what does not fit or fold is put aside.

    In an emergency a journal that still cannot be written is gone on without. Raises JournalFault.
    """
    parts = fold()
    result = _found(journal)
    if result is None:
        return parts
    events = _missing(result, journal)
    if not _absorbed(events, parts):
        _put_aside(journal)
        return fold()
    try:
        if events:
            header = result.header
            journal.inner.append(JournaledAfterwards(at, header.file, len(events), header.why), *events)
    except JournalFault as fault:
        if not journal.emergency:
            raise
        journal.go_on(str(fault))
    else:
        journal.afterwards.remove()
    return parts


def _found(journal: GuardedJournal) -> OutageFile | None:
    try:
        result = journal.afterwards.found()
    except Damaged:
        _put_aside(journal)
        return None
    if result is not None and not fits(result, journal.inner):
        _put_aside(journal)
        return None
    return result


def _missing(result: OutageFile, journal: GuardedJournal) -> tuple[Event, ...]:
    return result.events if isinstance(journal.inner, Lost) else missing(result, journal.inner)


def _absorbed(events: tuple[Event, ...], parts: Parts) -> bool:
    """Fold events; say whether they can follow what the journal holds."""
    try:
        for event in events:
            parts.state.apply(event)
    except Exception as error:  # noqa: BLE001 -- whatever does not fold must not get into the journal
        log.say("error", "what was done without the journal does not follow from it", error=str(error))
        return False
    return True


def _put_aside(journal: GuardedJournal) -> None:
    kept = journal.afterwards.put_aside()
    log.say("error", "what was done without the journal is put aside: compare with the venue", file=str(kept))
