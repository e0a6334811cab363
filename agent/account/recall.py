"""The recollection of a long journal at rest, by a checkpoint: a reset of the switch reads no old row."""

from functools import partial

from agent.outage.at_rest import Recall, Recalled
from agent.settings.home import Home
from domain.ports import Records

SHORT = 20_000
"""Rows that are looked at in less time than it takes to import what reads a checkpoint."""


def recall(home: Home, name: str) -> Recall:
    """Return what knows the journal `name` by its nearest checkpoint, of whatever program."""
    return partial(_recalled, home, name)


def _recalled(home: Home, name: str, journal: Records) -> Recalled:
    if journal.head()[0] <= SHORT:
        return Recalled()
    from agent.state.checkpoint import decoded_state  # noqa: PLC0415  # heavy, and a kill needs none of it
    from agent.state.checkpoints import Checkpoints  # noqa: PLC0415

    nearest = Checkpoints(home.checkpoints(name)).nearest(journal, "")
    if nearest is None:
        return Recalled()
    try:
        state = decoded_state(nearest.state)
    except ValueError:  # of another program
        return Recalled()
    return Recalled(nearest.header.seq, state.commands, state.kill_switch)
