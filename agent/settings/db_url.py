"""The database's URL and its sources: it may hold a password, so it is never shown and best not typed.

Every user of a machine reads the arguments of its processes; variables and files only their owner's.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.host.secret_file import read_secret
from domain.errors import BadInput

VARIABLE, FILE_VARIABLE = "AGENT_DB_URL", "AGENT_DB_URL_FILE"
FORM = "not a URL like postgresql://user@host:port/database (the password may lie in ~/.pgpass)"
_SERVER = re.compile(r"(postgresql|postgres|postgresql\+psycopg)://\S+")


def checked(url: str, where: str) -> str:
    """Return a URL of a PostgreSQL database, else raise BadInput; what it says instead is not shown.

    A path would be taken for the name of a file, and a password before a forgotten colon would name it.
    """
    if not _SERVER.fullmatch(url):
        raise BadInput(f"{where}: {FORM}")
    return url


def named(flags: Mapping[str, Any]) -> str | None:
    """Return the URL of flags or environment, None where neither names one. Raises BadInput."""
    typed, file = flags.get("db_url"), flags.get("db_url_file")
    if typed is not None and file is not None:
        raise BadInput("--db-url and --db-url-file: give one of them")
    if typed is not None:
        return _typed(str(typed))
    if file is not None:
        return _of_file(Path(file), "--db-url-file")
    return of_environment()


def of_environment() -> str | None:
    """Return the URL that the environment names, None where it names none. Raises BadInput."""
    report, file = os.environ.get(VARIABLE), os.environ.get(FILE_VARIABLE)
    if report and file:
        raise BadInput(f"{VARIABLE} and {FILE_VARIABLE} are both set: keep one of them")
    if file:
        return _of_file(Path(file), FILE_VARIABLE)
    return checked(report, VARIABLE) if report else None


def _typed(url: str) -> str:
    if re.search(r"://[^/?#]*:[^/?#]*@", checked(url, "--db-url")):
        raise BadInput(
            "--db-url holds a password, which every user of this machine can read there: change it, then put "
            f"the URL into {VARIABLE} or a file (--db-url-file), or the password into ~/.pgpass"
        )
    return url


def _of_file(path: Path, where: str) -> str:
    return checked(read_secret(where, path), f"{where} {path}")
