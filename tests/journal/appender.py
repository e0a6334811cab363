"""A process that appends cycles and says so after each commit: `PATH COUNT [LARGEST FILE]`, 0 for ever.

After its count it waits for a line on standard input, the journal open. When the journal fails it
tries once more, prints both faults and exits with 3.
"""

import resource
import sys
from itertools import count
from pathlib import Path

from domain.errors import JournalFault
from journal.sql import SqlJournal, open_journal
from tests.journal.cycles import JOURNAL_ID, cycle


def main(path: Path, cycles: int, largest: int | None) -> int:
    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        journal = open_journal(path, JOURNAL_ID)
    except JournalFault as fault:
        _say(f"fault {fault}")
        return 2
    for number in count(1 + (journal.last_cycle() or 0)):
        if not _append(journal, number):
            _append(journal, number)
            journal.close()
            return 3
        if number == cycles:
            break
    _say("ready")
    sys.stdin.readline()
    journal.close()
    return 0


def _append(journal: SqlJournal, number: int) -> bool:
    try:
        journal.append(*cycle(number))
    except JournalFault as fault:
        _say(f"fault {fault}")
        return False
    _say(f"row {journal.head()[0]}")
    return True


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
    raise SystemExit(main(Path(sys.argv[1]), int(sys.argv[2]), limit))
