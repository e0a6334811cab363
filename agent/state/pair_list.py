"""The fold of pair lists: the one in force, whom it keeps from being entered, and the candles it may go by.

A list is input, as a candle is: it is journaled as it was made and never made again from rows. Candles are
folded where the session's list goes by them, so that a list after a restart knows what one before it knew.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.events import PairsListed
from domain.observation import Observation
from domain.pairs import NO_LIST, OffList
from perception.pairs.settings import by_candles, of_session
from perception.pairs.tape import PairTape, after_candles


class PairFold(msgspec.Struct, frozen=True, omit_defaults=True):
    """The list in force, None before the first; the session's candidates, empty where there is no list.

    `settings` are the list's as the session recorded them. `tapes` are of a list that goes by candles, with
    its window in ms; 0 for one that does not.
    """

    current: PairsListed | None = None
    candidates: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    tapes: dict[str, PairTape] = {}
    window_ms: int = 0

    @property
    def off_list(self) -> dict[str, OffList]:
        """The candidates that may not be entered, and why."""
        return off_list(self.current, self.candidates)


NO_PAIRS = PairFold()


def off_list(current: PairsListed | None, candidates: tuple[str, ...]) -> dict[str, OffList]:
    """Return which candidates a list keeps from being entered, and why: those it says nothing of, too."""
    known = {} if current is None else {each.symbol: each.off for each in current.pairs}
    reasons = {symbol: known.get(symbol, NO_LIST) for symbol in candidates}
    return {symbol: off for symbol, off in reasons.items() if off is not None}


def begun(fold: PairFold, session: Mapping[str, Any]) -> PairFold:
    """Return the fold as a session begins: a list made by other settings is none of its own."""
    if not of_session(session).on:
        return NO_PAIRS
    settings = dict(session.get("pairlist") or {})
    candles = by_candles(session)
    return PairFold(
        current=fold.current if settings == fold.settings else None,
        candidates=tuple(session.get("symbols") or ()),
        settings=settings,
        tapes=fold.tapes if candles else {},
        window_ms=candles.window_ms if candles else 0,
    )


def seen(fold: PairFold, observation: Observation, tick: float, *, anew: bool) -> PairFold:
    """Return the fold with the candles of an observation; `anew` where its series has changed."""
    symbol = observation.symbol
    old = None if anew else fold.tapes.get(symbol)
    tape = after_candles(old, observation.candles, tick, fold.window_ms)
    return fold if tape is None or tape is old else replace(fold, tapes={**fold.tapes, symbol: tape})
