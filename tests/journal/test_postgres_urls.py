"""A URL names a journal on a server; what is wrong with it is said, and its password never."""

import os
import socket
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from domain.errors import BadInput, JournalFault
from journal import server
from tests.journal.cycles import JOURNAL_ID, cycle, session
from tests.journal.on_server import both_ways, opened
from tests.journal.postgres_server import PASSWORD, Server
from tests.shared import ROOT

CANARY = "hunter2-c4nary"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"postgresql://u:{CANARY}@h", "names no database"),
        (f"postgresql://u:{CANARY}@h/", "names no database"),
        (f"postgresql://u:{CANARY}@h:port/db", "cannot be read; use postgresql://user@host:port/database"),
        (f"postgresql://u:x@{CANARY}@h/db", "the host is none; write '@'"),
        (f"postgresql://u:x@h/x/{CANARY}@h/db", "names no database"),
        (f"postgresql://u@h/db?password={CANARY}", "a parameter is not supported"),
        (f"postgresql://u:x@h/db?{CANARY}=1@h/db", "a parameter is not supported"),
        (f"postgresql://u@h/db?options=-c%20fsync=off{CANARY}", "a parameter is not supported"),
        (f"postgresql+asyncpg://u:{CANARY}@h/db", "is not supported; use a path or"),
        (f"postgresql+psycopg2://u:{CANARY}@h/db", "is not supported; use a path or"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_what_may_be_its_password(
    url: str, message: str
) -> None:
    for way in both_ways(url, "a"):
        with pytest.raises(BadInput, match=message) as caught:
            way()
        assert "c4nary" not in shown(caught.value)


def shown(error: BaseException) -> str:
    """Return everything a log or a traceback shows of an error, causes and all."""
    return repr(error) + "".join(traceback.format_exception(error))


def test_an_unreachable_server_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = taken.getsockname()[1]
        urls = [
            f"postgresql://u:{CANARY}@127.0.0.1:{port}/db",
            f"postgresql://u:{CANARY}@/db?host={tmp_path}",
        ]
        for url in urls:
            for way in both_ways(url, "a"):
                with pytest.raises(BadInput, match=r"cannot be reached: .*; start the server or") as caught:
                    way()
                assert "c4nary" not in shown(caught.value)


def test_whom_the_server_does_not_let_in_is_told_why_without_the_password(postgres_server: Server) -> None:
    wrong = postgres_server.shared.replace(PASSWORD, CANARY)
    for url, why in (
        (wrong, "does not let us in: password authentication failed"),
        (postgres_server.url("absent"), 'does not let us in: database "absent" does not exist'),
    ):
        for way in both_ways(url, "a"):
            with pytest.raises(BadInput, match=why) as caught:
                way()
            assert "c4nary" not in shown(caught.value)


def test_the_password_is_in_no_repr_message_or_row(
    postgres_server: Server, account: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = postgres_server.shared
    assert PASSWORD in url
    journal = opened(url, account)
    journal.append(session())
    texts = [repr(journal), repr(journal._connection), repr(journal._connection.engine), str(journal._where)]
    with pytest.raises(JournalFault) as refused:
        opened(url, account)
    texts.append(shown(refused.value))
    journal._connection.exec_driver_sql("SELECT set_config('search_path', 'absent', false)")
    with pytest.raises(JournalFault) as failed:
        journal.append(*cycle(1))
    texts.append(shown(failed.value))
    with pytest.raises(JournalFault) as again:
        journal.append(*cycle(1))
    texts.append(shown(again.value))
    journal.close()
    dump = subprocess.run(
        [postgres_server.programs / "pg_dump", "-Fp", url], capture_output=True, text=True, check=True
    ).stdout
    assert account in dump
    assert all(PASSWORD not in text for text in (*texts, dump, caplog.text))


def test_without_psycopg_a_file_works_and_a_server_is_refused_with_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['psycopg'] = None\n"  # what an import finds where it is not installed
        "from domain.errors import BadInput\n"
        "from journal.sql import open_journal\n"
        f"open_journal({str(tmp_path / 'j.db')!r}, '{JOURNAL_ID}').close()\n"
        "try:\n"
        f"    open_journal('postgresql://u:{CANARY}@h/db', '{JOURNAL_ID}', account='a', holder='h')\n"
        "except BadInput as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        "needs the extra postgres: make setup, or in the project's folder pip install '.[postgres]'"
        in done.stdout
    )
    assert "c4nary" not in done.stdout + done.stderr


def test_only_a_server_s_url_imports_psycopg(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from journal.sql import open_journal\n"
        f"open_journal({str(tmp_path / 'j.db')!r}, '{JOURNAL_ID}').close()\n"
        "print('psycopg' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_places_a_url_may_name_are_shown_without_user_and_password() -> None:
    shown_as = {
        f"postgresql://u:{CANARY}@h:5433/db": "postgresql://h:5433/db",
        f"postgres://u:{CANARY}@[::1]/db?sslmode=require": "postgresql://::1/db",
        "postgresql+psycopg:///db": "postgresql://localhost/db",
        "postgresql:///db?host=/run/postgresql": "postgresql:///run/postgresql/db",
        f"postgresql://u:%40{CANARY}%2F@h/db": "postgresql://h/db",
    }
    for url, place in shown_as.items():
        assert server.place(server.checked_url(url)) == place
