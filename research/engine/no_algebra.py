"""numba without SciPy's linear algebra, which it loads only to see whether it is there. Imports numba.

No kernel multiplies matrices. Whoever has numba compile one that does gets SciPy then: it is asked for again.
"""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any


@cache
def hold_back() -> None:
    """Have numba take it that the linear algebra is there where SciPy is: a fifth of a start, and 15 MB."""
    from numba.np import linalg  # noqa: PLC0415  # half a second, and only where something is compiled

    asked = linalg.ensure_blas
    linalg.ensure_blas = _not_now
    try:
        # It asks while it is imported.
        asking: Any = import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = asked
    if asking.ensure_blas is _not_now:
        asking.ensure_blas = asked
        asking._HAVE_BLAS = find_spec("scipy") is not None  # noqa: SLF001  # what asking would have come to


def _not_now() -> None:
    raise ImportError("SciPy's linear algebra is loaded where it is needed")
