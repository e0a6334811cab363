"""Several accounts in one database: each its own journal; listed, told apart, moved aside."""

import pytest

from domain.errors import BadInput, JournalFault
from journal.accounts import accounts, archive, namespace
from journal.reader import open_reader
from journal.verify import verify
from tests.journal.cycles import cycle, session
from tests.journal.on_server import OTHER_ID, opened, written
from tests.journal.postgres_server import Server


def test_accounts_are_listed_and_one_that_is_not_there_is_said_to_be(postgres_server: Server) -> None:
    url = postgres_server.new_database()
    assert accounts(url) == []
    long = "simulated-" + "BTC-USDT-" * 9
    for name in ("paper", long):
        with opened(url, name) as journal:
            journal.append(session())
    assert accounts(url) == ["paper", long]
    assert len(namespace(long)) <= 63
    with pytest.raises(BadInput, match=f"there is no such journal; the database has: paper, {long}"):
        open_reader(url, account="papre")
    assert accounts(url) == ["paper", long]


def test_an_archived_journal_keeps_its_rows_and_the_account_begins_anew(postgres_server: Server) -> None:
    url = postgres_server.new_database()
    written(url, "paper")
    kept = verify(url, account="paper")
    with opened(url, "paper"), pytest.raises(JournalFault, match="is in use by another agent, me"):
        archive(url, "paper", "paper.1", holder="you")
    archive(url, "paper", "paper.1", holder="me")
    assert accounts(url) == ["paper.1"]
    assert verify(url, account="paper.1") == kept
    with opened(url, "paper", OTHER_ID) as journal:
        assert (journal.journal_id, journal.head()[0]) == (OTHER_ID, 0)
    with pytest.raises(BadInput, match=r"paper\.1 at .* exists already"):
        archive(url, "paper", "paper.1", holder="me")
    with pytest.raises(BadInput, match="there is no such journal"):
        archive(url, "absent", "paper.2", holder="me")
    with opened(url, "paper.1") as journal:
        journal.append(*cycle(6))
        assert journal.head()[0] == 13
