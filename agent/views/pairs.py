"""The pair list as an answer: that of a fold, or one that was made just now."""

from collections.abc import Iterable, Mapping

from agent.answers.pairs import CandidateRow, PairListAnswer
from agent.state.pair_list import PairFold
from domain.events import PairsListed
from domain.pairs import ListedPair, OffList


def of_fold(journal: str, fold: PairFold) -> PairListAnswer:
    """Return the list in force of a journal's last session, "off" where it goes by none."""
    if not fold.candidates:
        return PairListAnswer(journal=journal, source="off")
    off, source = fold.off_list, str(fold.settings.get("source"))
    if fold.current is None:
        rows = [row(ListedPair(symbol), off) for symbol in fold.candidates]
        return PairListAnswer(journal=journal, source=source, pairs=rows)
    known = {each.symbol: each for each in fold.current.pairs}
    pairs = (known.get(symbol, ListedPair(symbol)) for symbol in fold.candidates)
    return of_list(fold.current, pairs, off, journal)


def of_list(
    current: PairsListed, pairs: Iterable[ListedPair], off: Mapping[str, OffList], journal: str | None
) -> PairListAnswer:
    """Return a list as an answer."""
    return PairListAnswer(
        journal=journal,
        source=current.source,
        at=current.at,
        measured_at=current.measured_at,
        fault=current.fault or None,
        stale=current.stale,
        pairs=[row(each, off) for each in pairs],
    )


def row(pair: ListedPair, off: Mapping[str, OffList]) -> CandidateRow:
    """Return one candidate as an answer."""
    why = off.get(pair.symbol)
    return CandidateRow(
        symbol=pair.symbol,
        listed=why is None,
        why=None if why is None else reason(why),
        volume=pair.volume,
        rank=pair.rank,
        age_days=pair.age_days,
        spread_bp=pair.spread_bp,
        volatility=pair.volatility,
    )


def reason(off: OffList) -> str:
    """Return why a candidate is off the list, with the limit where there is one."""
    return off.measured_text if off.limit is None else f"{off.measured_text}, must be {off.limit_text}"


def trouble(fold: PairFold) -> str:
    """Say what is wrong with the list in force and what is done about it, "" where it was refreshed."""
    current = fold.current
    if current is None or not (current.fault or current.stale):
        return ""
    if not current.stale:
        measured = "" if current.measured_at is None else f" of {current.measured_at:%Y-%m-%d %H:%M} UTC"
        return f"its refresh fails, the last list{measured} is kept: {current.fault}"
    held = next((each.off for each in current.pairs if each.off is not None), None)
    if held is None:
        return f"it does not stand, entries are made as if there were none: {current.fault}"
    return f"it does not stand, no entry is made ({reason(held)}): {current.fault}"


def not_standing(fold: PairFold) -> str:
    """Return the `trouble` with a list that does not stand any more, "" with one that does or is kept."""
    return trouble(fold) if fold.current is not None and fold.current.stale else ""
