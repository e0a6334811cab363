"""The bound of a log, without the library that writes one."""

from typing import NamedTuple


class Turnover(NamedTuple):
    """The bound of a log: the bytes at which its file begins anew, and how many old ones are kept."""

    bytes: int = 10_000_000
    files: int = 3


USUAL = Turnover()
