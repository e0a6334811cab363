"""The settings a session was run with, read back from its journal."""

from pathlib import Path

from agent.settings import Options, default_home
from agent.strategies import folder_of, load_folder
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.ports import Records


def recorded_options(journal: Records) -> Options:
    """Return the options of a journal's last session.

    Raises BadInput when it has none, or when they are not those of this version.
    """
    return options_of(last_session(journal))


def last_session(journal: Records) -> SessionStarted:
    """Return the start of a journal's last session. Raises BadInput when it has none."""
    row = journal.last_session()
    if row is None or not isinstance(row.event, SessionStarted):
        raise BadInput("the journal holds no session yet")
    return row.event


def options_of(started: SessionStarted) -> Options:
    """Return a session's options. Raises BadInput when they are not those of this version."""
    settings = started.settings
    broken = load_folder(folder_of(settings, Path(settings.get("home") or default_home())))
    try:
        return Options.model_validate(settings)
    except ValueError as error:
        raise BadInput(
            "\n".join(
                [f"session {started.session} was run with settings of another version: {error}", *broken]
            )
        ) from None
