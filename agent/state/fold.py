"""Folding the journal into the state; bringing it in line with the venue is the reconciler's."""

from collections.abc import Callable

from agent.state.state import State
from domain.events import Event
from domain.ports import Records, Row


def never(event: Event) -> bool:
    """Say of no event that the fold should stop there."""
    del event
    return False


def ignore(row: Row) -> None:
    """Do nothing with a row that was folded."""
    del row


def refold(
    journal: Records,
    state: State,
    until: Callable[[Event], bool] = never,
    *,
    after: int = 0,
    taken: Callable[[Row], None] = ignore,
) -> None:
    """Fold the rows of the journal above row `after` into the state, checking the chain on the way.

    Stops before the first event of which `until` is true; `taken` is told of each row that was folded.
    Raises JournalFault where the chain is broken.
    """
    for row in journal.rows(after):
        if until(row.event):
            return
        state.apply(row.event)
        taken(row)
