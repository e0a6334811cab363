"""Children that end with their parent, even when it is killed and can tell them nothing."""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.5

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with(parent: int) -> None:
    """Let this process be killed when its parent, the process that forked it, is gone.

    On Linux the kernel does it at once; it means the thread that forked, so fork in one that lasts. Elsewhere
    a thread looks twice a second.
    """
    if _libc is None:
        threading.Thread(target=_look, args=(parent,), name="boyd-lifeline", daemon=True).start()
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before we asked
        os._exit(1)


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)
