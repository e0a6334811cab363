"""The command `agent`. Everything heavy is imported inside the command that needs it."""

import gc
import sys

from agent.cli.app import app
from domain.errors import BadInput, BoydError

OK, PROBLEM, USAGE = 0, 1, 2


def main() -> None:
    """Run the command line; errors of ours are one line and an exit code, never a traceback."""
    # Imports make a hundred thousand objects that stay: looking for cycles among them, on the way and once
    # more at the exit, took a third of a short command's time.
    gc.set_threshold(20_000, 10, 10)
    try:
        app(prog_name="agent")
    except BadInput as error:
        _complain(str(error))
        sys.exit(USAGE)
    except BoydError as error:
        _complain(str(error))
        sys.exit(PROBLEM)
    except BrokenPipeError:
        # The reader of our output has gone (`agent journal export | head`): nothing is wrong.
        sys.stderr.close()
        sys.exit(OK)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        gc.freeze()


def _complain(message: str) -> None:
    for line in message.splitlines():
        print(f"error: {line}", file=sys.stderr)  # noqa: T201 -- this is the command line
