"""What the tests need of the process they run in, whoever started it: a person, a script, cron, a CI.

A background or a CI runner ignores signals, cron sets nothing, a person has a proxy and settings of Boyd of
their own. All of that is put right here, once, before anything else is imported; processes that tests start
inherit it.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOM_FOR_A_SOCKET = 40
"""Characters of a temporary folder; a Unix socket below it has 108 for its whole path."""

IN_MEMORY = Path("/dev/shm")  # noqa: S108 -- where it is a file system in memory
ROOM_IN_MEMORY = 4 * 2**30
"""Bytes that must be free there and in memory: a run of the suite leaves a quarter of it."""

OF_BOYD = ("AGENT_", "ALPHA_VANTAGE_", "BINANCE_")
CACHE = "AGENT_KERNEL_CACHE"
"""Kept: it changes no result, and whoever set it has the kernels there."""

OF_OTHERS = frozenset(
    {
        *("all_proxy", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "ws_proxy", "wss_proxy"),
        *("columns", "lines", "force_color", "no_color", "py_colors", "clicolor", "clicolor_force"),
        *("pythonoptimize", "pythonwarnings", "pythonioencoding", "pythonutf8", "pythonunbuffered"),
        *("git_dir", "git_work_tree", "git_index_file", "makeflags", "makelevel", "mflags", "language"),
        *("args", "cycles", "interval", "minutes", "cases"),  # what a `make` above was given it hands on
    }
)
"""Variables that change what programs print or whom they ask, in small letters; tests set their own."""

SETTLED = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TERM": "xterm-256color"}


def settle() -> None:
    """Put right what this process inherited."""
    _inputs()
    _signals()
    os.umask(0o022)
    for name in [name for name in os.environ if _strange(name)]:
        del os.environ[name]
    os.environ.update(SETTLED)
    time.tzset()
    _temporary_folder()
    _home()


def _strange(name: str) -> bool:
    return (name.startswith(OF_BOYD) and name != CACHE) or name.lower() in OF_OTHERS


def _inputs() -> None:
    """Have something at 0: where it is closed the next file that is opened would be standard input."""
    try:
        os.fstat(0)
    except OSError:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- it stays open


def _signals() -> None:
    """Hear every signal; a child is told of none that its parent ignores."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    if threading.current_thread() is not threading.main_thread():
        return
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGCHLD", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGUSR1"):
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _temporary_folder() -> None:
    """Have a folder with room for a socket's path: the one named, else one in memory.

    A commit waits for the disk a hundred times as long as it works, and each test makes hundreds.
    """
    named = os.environ.get("TMPDIR", "")
    usable = len(named) <= ROOM_FOR_A_SOCKET and Path(named).is_dir() and os.access(named, os.W_OK)
    if named and usable:
        return
    os.environ.pop("TMPDIR", None)
    if _has_room_in_memory():
        os.environ["TMPDIR"] = str(IN_MEMORY)
    tempfile.tempdir = None


def _has_room_in_memory() -> bool:
    mounts = [line.split() for line in _lines("/proc/mounts")]
    kinds = [kind for _, place, kind, *_ in mounts if place == str(IN_MEMORY)]
    if kinds[-1:] != ["tmpfs"] or not os.access(IN_MEMORY, os.W_OK):
        return False
    there = os.statvfs(IN_MEMORY)
    free = [
        int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith("MemAvailable:")
    ]
    room = min([there.f_bavail * there.f_frsize, *free])
    return room >= ROOM_IN_MEMORY and not there.f_flag & os.ST_NOEXEC


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _home() -> None:
    """Have a home folder that can be written: kernels are kept there, and locks."""
    home = os.environ.get("HOME", "")
    if not (home and Path(home).is_absolute() and os.access(home, os.W_OK)):
        made = os.environ["HOME"] = tempfile.mkdtemp(prefix="boyd-home-")
        atexit.register(shutil.rmtree, made, ignore_errors=True)
