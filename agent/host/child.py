"""The process of work beside the agents: nice, bounded, gone with its parent, and then the command itself."""

import os
import sys
from contextlib import suppress

NICER = 10
PROGRAM = "from agent.host.child import bind; bind(); from agent.cli import main; main()"
"""What such a process runs; its words are the parent's number, the bytes it may have, and the command's."""


def bind() -> None:
    """Bind this process to its parent and its bounds, and leave the command its own words."""
    parent, most_bytes, *words = sys.argv[1:]
    from agent.host.lifeline import end_with  # noqa: PLC0415 -- what is imported before counts too

    end_with(int(parent))
    with suppress(OSError):
        os.nice(NICER)
    _bound(int(most_bytes))
    sys.argv = ["agent", *words]


def _bound(most: int) -> None:
    """Let no more memory be had, where the system can say so; each process that follows has the same."""
    try:
        import resource  # noqa: PLC0415 -- not on every system
    except ImportError:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
