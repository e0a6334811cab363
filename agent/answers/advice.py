"""Answers of the commands of advice."""

from msgspec import Struct


class TapeAnswer(Struct, frozen=True, kw_only=True):
    """`agent advise`: the tape that was written, and what asking about candles of the past has cost."""

    tape: str
    pieces: int
    retrospective: int
    advisers: list[str]
    symbols: list[str]
    spent_usd: str
