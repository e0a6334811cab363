"""Repairs of inherited process state (signals, umask, outputs) that would make the agent deaf or blind.

A script's background, nohup, cron and the runners of a CI each leave something behind: signals that are
ignored or blocked, a umask, closed outputs. SIGINT and SIGHUP that are ignored stay so: that is how a shell
keeps Ctrl-C and a closed terminal from what it started in the background. SIGTERM always ends the agent.
"""

import os
import signal

from agent.cli.output.streams import have_streams

OWNER = 0o700


def settle_in() -> None:
    """Put right what this process inherited: call it before anything else."""
    have_streams()
    # What its owner may not read or write it could not open again.
    os.umask(os.umask(0o077) & ~OWNER)
    if hasattr(signal, "pthread_sigmask"):  # not on every system
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signal.valid_signals())
    for name in ("SIGTERM", "SIGCHLD"):  # ignored, the one asks in vain and the other loses exit codes
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
