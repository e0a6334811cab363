"""Targets of a journal: a path, an `sqlite:///` URL or a `postgresql://` URL."""

import importlib
from pathlib import Path
from types import ModuleType

from domain.errors import BadInput
from domain.extras import lacking

_SERVERS = ("postgresql", "postgres", "postgresql+psycopg")


def on_server(target: Path | str) -> bool:
    """Say whether a target names a journal on a PostgreSQL server, not one in a file."""
    return isinstance(target, str) and target.partition("://")[0] in _SERVERS and "://" in target


def checked_path(target: Path | str) -> Path:
    """Return the absolute path of a path or an `sqlite:///` URL. Raises BadInput for anything else."""
    if isinstance(target, str) and "://" in target:
        scheme, _, rest = target.partition("://")
        if scheme != "sqlite" or not rest.startswith("/") or rest == "/":
            # the rest of the URL may hold a password, so it is not shown
            raise BadInput(
                f"journal URL {scheme}://... is not supported; use a path or sqlite:///path "
                "or postgresql://user@host/database"
            )
        target = rest[1:]
    path = Path(target).absolute()
    if path.is_dir():
        raise BadInput(f"journal {path} is a directory; name a file")
    return path


def postgres() -> ModuleType:
    """Import what speaks to PostgreSQL, which only its users need. Raises BadInput where it is missing."""
    try:
        return importlib.import_module("journal.postgres")  # here, for psycopg is an extra
    except ImportError as error:
        missing = str(error).partition("\n")[0]
        raise BadInput(f"{lacking('a journal on PostgreSQL', 'postgres')} ({missing})") from None
