"""The folder where machine code is kept, another one as soon as any source it is made of changes.

numba's disk cache looks at the outermost function's file alone, so the cache lies in a folder named after a
digest of all kernel sources, of Python, numba and the processor.
"""

import hashlib
import inspect
import linecache
import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from domain import calibrator, kernel
from domain.errors import BadInput
from domain.kernel import KERNELS, write_all
from domain.private import private_folder
from reasoning import declare
from reasoning.kernels import wilder
from research.engine.trusted import require_trusted

CACHE_VARIABLE = "AGENT_KERNEL_CACHE"
"""Folder of compiled kernels, when it is not to be the user's cache folder."""

HOUSE = frozenset({"domain", "learning", "perception", "platforms", "reasoning", "research", "risk"})

_HERE = (
    "ranges",
    "signals",
    "trials_pass",
    "compiler",
    "loops",
    "machine_code",
    "kernel_code",
    "kernel_type",
    "remembering",
)
_GIVEN = ("guarded_memory", "addressed", "ahead_of", "fetching", "dividing", "unsigned", "built_in")

OUTERMOST = (
    *(str(Path(__file__).with_name(f"{name}.py")) for name in (*_HERE, *_GIVEN)),
    calibrator.__file__,
    wilder.__file__,
    *(str(each) for each in sorted(Path(declare.__file__).parent.glob("*.py"))),
)
"""Sources beside the kernels' own that machine code is made of: those that write kernels too."""


def cache_folder() -> Path:
    """Return the folder of machine code that belongs to these very sources, made if need be.

    Raises BadInput where others may write it, for what lies there is executed, or where it would lie nowhere.
    """
    try:
        chosen = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("boyd", appauthor=False)
    except RuntimeError:
        raise BadInput(f"this user has no home folder (HOME is not set): set {CACHE_VARIABLE}") from None
    folder = Path(chosen) / "kernels" / digest()[:16]
    try:
        private_folder(folder)
    except OSError as error:
        raise BadInput(
            f"machine code cannot be kept in {chosen}: {error.strerror}; set {CACHE_VARIABLE} to a folder "
            "that can be written"
        ) from None
    require_trusted(folder)
    return folder


def digest() -> str:
    """Return a digest of everything machine code depends on."""
    import numba  # noqa: PLC0415  # half a second, and only where something is compiled

    result = of_sources({*OUTERMOST, *files_of(house=True), *_with_kernels()})
    result.update(f"{sys.version}|{numba.__version__}|{platform.machine()}|{_processor()}".encode())
    return str(result.hexdigest())


def files_of(*, house: bool) -> set[str]:
    """Return the files of the kernels that are the house's own, or of those that are not."""
    write_all()
    kernels = [each for each in KERNELS if (each.__module__.partition(".")[0] in HOUSE) == house]
    return {file for file in map(inspect.getsourcefile, kernels) if file is not None}


@cache
def _with_kernels() -> frozenset[str]:
    """Return the house's files that hold kernels, imported or not: each command finds the same folder."""
    root = Path(kernel.__file__).parents[1]
    files = (path for room in sorted(HOUSE) for path in (root / room).rglob("*.py"))
    return frozenset(str(path) for path in files if b"@kernel" in path.read_bytes())


def of_sources(files: set[str]) -> Any:
    """Return a digest, still to be added to, of what stands in files and cells."""
    result = hashlib.sha256()
    for file in sorted(files):
        # A strategy of a notebook stands in a cell, whose lines Python keeps.
        path = Path(file)
        result.update(path.read_bytes() if path.exists() else "".join(linecache.getlines(file)).encode())
    return result


def _processor() -> str:
    import llvmlite.binding  # noqa: PLC0415  # as above

    return str(llvmlite.binding.get_host_cpu_name())
