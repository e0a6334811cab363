"""The process of a run: one at a time for each job of a home, gone when its parent is, its end on record.

It outlives no scheduler, and where one stands still (SIGSTOP) while another has taken its run over, the lock
keeps the two apart: the later one says `HELD` and is begun again. The code it ends with lies in a file from
the moment the work is done, so a run whose scheduler was killed just then is not repeated.
"""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

from agent.host.lifeline import end_with
from edge.files import write_whole
from edge.strict_json import shallow

HELD = 75
"""Exit code where another process of this home is at the same job (EX_TEMPFAIL)."""

WORK = "from agent.jobs.child import work; work()"
"""What such a process runs; its words: parent, most bytes, two files, program, commands."""


def work() -> None:
    """Carry out the commands of a run, one after the other; end with the first code that is not 0."""
    parent, most_bytes, code_file, lock_file, program, commands = sys.argv[1:]
    end_with(int(parent))
    lock = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(HELD)
    codes = [_carried_out(program, words, most_bytes) for words in json.loads(shallow(commands))]
    code = next((each for each in codes if each), 0)
    write_whole(Path(code_file), f"{code}\n".encode())
    sys.exit(code if code >= 0 else 1)


def _carried_out(program: str, words: list[str], most_bytes: str) -> int:
    command = [sys.executable, "-c", program, str(os.getpid()), most_bytes, *words]
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode  # noqa: S603 -- a closed table
