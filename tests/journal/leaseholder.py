"""An agent's process as the lease sees it: `ACCOUNT HOLDER LEASE_MS GRACE_MS`, the URL in the environment.

It says `open EPOCH` or `fault ...`; then for each line it reads it appends a cycle and says `row N` or
`fault ...`. At the end of its input it closes.
"""

import os
import sys

from domain.errors import JournalFault
from journal.sql import open_journal
from tests.journal.cycles import JOURNAL_ID, cycle


def main(account: str, holder: str, lease_ms: int, grace_ms: int) -> int:
    url = os.environ["BOYD_TEST_URL"]
    try:
        journal = open_journal(
            url, JOURNAL_ID, account=account, holder=holder, lease_ms=lease_ms, grace_ms=grace_ms
        )
    except JournalFault as fault:
        _say(f"fault {fault}")
        return 2
    _say("open")
    for _ in sys.stdin:
        try:
            journal.append(*cycle(1 + (journal.last_cycle() or 0)))
        except JournalFault as fault:
            _say(f"fault {fault}")
        else:
            _say(f"row {journal.head()[0]}")
    journal.close()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
