"""A real PostgreSQL server of the system's packages, on loopback, for as long as the tests last.

It starts when the first test asks for it, with `fsync` on and a password, and is stopped at the end.
Where it cannot, tests that need it are skipped and say so: "PostgreSQL did not run: ...".
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.shared import free_port

USER = "boyd"
PASSWORD = "c4nary-of-postgres"  # noqa: S105 - of a server that lives for one test run
_NOT_ROOT = ("postgres", "nobody")
_numbers = count(1)
_SHARED = "shared"


class DidNotRun(Exception):
    """Why there is no server."""


class Server:
    """A running server; databases are made on demand."""

    def __init__(self) -> None:
        self.programs = _programs()
        self._user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="boyd-pg-"))
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._initialise()
            self._start()
            self.new_database(_SHARED)
        except BaseException:
            self.stop()
            raise

    def _initialise(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C",
            "--no-sync",  # of the empty cluster alone; the server itself runs with fsync on
        )  # fmt: skip

    def _start(self) -> None:
        self.port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "on",
            "shared_buffers": "16MB",
            "max_connections": 20,
            "autovacuum": "off",
        }
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(lines)
        self._launch()

    def _launch(self) -> None:
        """Start it as our child, to be stopped even when this process is killed, and wait for it."""
        bound = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        command = [*bound, str(self.programs / "postgres"), "-D", str(self.folder / "data")]
        with (self.folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, user=self._user, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=_environment(),
            )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise DidNotRun(f"postgres: {' '.join((self.folder / 'log').read_text().split()[-60:])}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=30).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once, as a crash would
            self._process.wait(60)

    def restart(self) -> None:
        """Stop it as a crash would and start it again."""
        self._end()
        self._launch()

    def stop(self) -> None:
        """Stop it and remove all of it."""
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return a database's URL, with the password."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str = "") -> str:
        """Create an empty database and return its URL."""
        name = name or f"test{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} STRATEGY = wal_log".encode())
        return self.url(name)

    def new_account(self) -> str:
        """Return an account nobody has used, in the shared database."""
        return f"account-{next(_numbers)}"

    @property
    def shared(self) -> str:
        """URL of the database whose accounts tests share."""
        return self.url(_SHARED)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, user=self._user, capture_output=True, text=True, timeout=120,
            check=False, env=_environment(),
        )  # fmt: skip
        if done.returncode:
            raise DidNotRun(f"{program}: {' '.join(done.stderr.split()[-60:])}")


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres")):
            return folder
    raise DidNotRun("no initdb and postgres on the PATH or in /usr/lib/postgresql")


def _unprivileged() -> str | None:
    """Return a user to run as, since PostgreSQL refuses root; None is whoever we are."""
    if os.geteuid() != 0:
        return None
    for name in _NOT_ROOT:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise DidNotRun(f"it refuses to run as root, and there is no user {' or '.join(_NOT_ROOT)}")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server of this process; tests that need it are skipped where it cannot run."""
    try:
        server = Server()
    except (DidNotRun, OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL did not run: {error}")
    yield server
    server.stop()


@pytest.fixture
def url(postgres_server: Server) -> str:
    """URL of the shared database."""
    return postgres_server.shared


@pytest.fixture
def account(postgres_server: Server) -> str:
    """An account nobody has used."""
    return postgres_server.new_account()
