"""The settings a session was run with, read back from its journal."""

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from agent.settings.folding import own_folder
from agent.settings.settings import Options
from agent.settings.user_strategies import load_folder, stand_in
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.ports import Records
from reasoning.settings import CUSTOM
from reasoning.strategies.registry import BUILT_IN, STRATEGIES


def recorded_options(journal: Records, *, run_own: bool = True) -> Options:
    """Return the options of a journal's last session.

    A strategy of the user's that cannot be loaded stands in the way of no command that reads or sells: a
    stand-in takes its place, and that of all of them without `run_own`. Raises BadInput when there was no
    session, or when its options are not those of this version.
    """
    return lenient(last_session(journal), run_own=run_own)


def last_session(journal: Records) -> SessionStarted:
    """Return the start of a journal's last session. Raises BadInput when it has none."""
    row = journal.last_session()
    if row is None or not isinstance(row.event, SessionStarted):
        raise BadInput("the journal holds no session yet")
    return row.event


def lenient(started: SessionStarted, *, run_own: bool) -> Options:
    """Return a session's options, with stand-ins as `recorded_options` says."""
    reasoning = started.settings.get("reasoning", {})
    own = {
        *reasoning.get("strategies", ()),
        *reasoning.get("custom", {}),
        *_of_pairs(started.settings.get("pairs", {}).values()),
    } - BUILT_IN
    if run_own:
        load_folder(own_folder(started))
        own -= STRATEGIES.keys()
    stand_in(own, own_folder(started))
    return _validated(started, [])


def _of_pairs(pairs: Iterable[dict[str, Any]]) -> Iterator[str]:
    for each in pairs:
        yield from each.get("reasoning", {}).get(CUSTOM, {})


def options_of(started: SessionStarted) -> Options:
    """Return a session's options. Raises BadInput when they are not those of this version."""
    return _validated(started, load_folder(own_folder(started)))


def _validated(started: SessionStarted, broken: list[str]) -> Options:
    try:
        return Options.model_validate(started.settings)
    except ValidationError as error:
        from agent.settings.load import problem  # noqa: PLC0415  # the sections of a home, which no session has

        what = f"session {started.session} was run with settings of another version"
        problems = [f"{what}: {problem(each)}" for each in error.errors()]
        raise BadInput("\n".join([*problems, *broken])) from None
