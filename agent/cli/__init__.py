"""The command `agent`. Everything heavy is imported inside the command that needs it."""

import errno
import gc
import sys

from agent.cli.direct import run_direct
from agent.cli.handlers.begin import settle_in
from agent.cli.output.streams import GONE, complain, leave
from agent.host.unplugged import unplug
from domain.errors import BadInput, BoydError

OK, PROBLEM, USAGE, INTERRUPTED = 0, 1, 2, 130
NAMED_WRONG = (errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL)
"""What the system says of a name that a person gave and that cannot be meant."""

LONGEST = 200
"""Characters of such a name that are repeated."""


def main() -> None:
    """Run the command line; errors of ours are one line and an exit code, never a traceback."""
    # Imports make a hundred thousand objects that stay: looking for cycles among them, on the way and once
    # more at the exit, took a third of a short command's time.
    gc.set_threshold(20_000, 10, 10)
    # pydantic would look through every package that is installed for code to be run beside it: nothing of
    # another package has a part in settings, and looking is a twentieth of a short command's time.
    unplug()
    settle_in()
    try:
        code = _run()
    finally:
        gc.freeze()
    leave(code)


def _run() -> int:
    try:
        if not run_direct(sys.argv[1:]):
            from agent.cli.app import app

            app(prog_name="agent")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else OK
    except BadInput as error:
        complain(str(error))
        return USAGE
    except BoydError as error:
        complain(str(error))
        return PROBLEM
    except OSError as error:
        return _refused(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _refused(error: OSError) -> int:
    """Say what the system refused: a path no file can have, a folder in a file's place, the output itself.

    Any other error is a fault of ours.
    """
    if error.filename is not None:
        complain(f"{str(error.filename)[:LONGEST]}: {error.strerror}")
        return USAGE if error.errno in NAMED_WRONG else PROBLEM
    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF):
        raise error
    if error.errno != errno.EPIPE:
        GONE.append(error)
    return PROBLEM
