"""The process of a piece of work: nice, bounded, gone when the server is, and then the command itself.

python -m agent.serve.work.child PARENT BYTES backtest ...
"""

import os
import sys
from contextlib import suppress

NICER = 10


def main() -> None:
    """Be the process: bind it, and run the command of the words that follow."""
    parent, most_bytes, *words = sys.argv[1:]
    from agent.host.lifeline import end_with  # noqa: PLC0415 -- what is imported before counts too

    end_with(int(parent))
    with suppress(OSError):
        os.nice(NICER)
    _bound(int(most_bytes))
    sys.argv = ["agent", *words]
    from agent.cli import main as command  # noqa: PLC0415 -- as above

    command()


def _bound(most: int) -> None:
    """Let no more memory be had, where the system can say so; each process that follows has the same."""
    try:
        import resource  # noqa: PLC0415 -- not on every system
    except ImportError:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
