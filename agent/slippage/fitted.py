"""A slippage model made of a journal, and a model as a backtest takes it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.settings.recorded import lenient
from agent.settings.version import code_version
from agent.slippage.measured import MeasuredOrders
from domain.errors import BadInput
from domain.events import SessionStarted
from domain.impact import Impact
from domain.slippage import SlippageModel
from domain.times import length_name
from journal.history import History


def fitted(
    records: History, journal: str, name: str, version: int, tell: Callable[[int], None]
) -> SlippageModel:
    """Return a model of a journal's orders; `tell` hears how many rows were read.

    Raises BadInput where the journal holds no session, JournalFault where its chain is broken.
    """
    orders, seq = MeasuredOrders(), 0
    for row in records.rows():
        orders.take(row.event)
        seq = row.seq
        tell(seq)
    if orders.started is None:
        raise BadInput(f"journal {journal}: it holds no session yet")
    return SlippageModel(
        name=name,
        version=version,
        timeframe_ms=orders.timeframe_ms,
        journal=journal,
        journal_id=records.journal_id,
        seq=seq,
        mode=orders.started.mode,
        code_version=code_version(),
        fingerprint=orders.fingerprint(),
        configured_ppm=_configured(orders.started),
        left_out=dict(sorted(orders.left_out.items())),
        symbols=orders.symbols(),
    )


def _configured(started: SessionStarted) -> float | None:
    """Return half the spread and slippage of a session's settings; None where another version wrote them."""
    try:
        costs = lenient(started, run_own=False).paper.costs()
    except BadInput:
        return None
    return costs.slippage + costs.spread / 2


class InUse(NamedTuple):
    """A model as a backtest or a session takes it: each symbol's law, and what is to be said."""

    impacts: dict[str, Impact]
    notes: list[str]


def in_use(
    model: SlippageModel, symbols: Sequence[str], timeframe_ms: int, asked_by: str = "--slippage"
) -> InUse:
    """Return a model for some symbols. Raises BadInput where it is of other candles or knows none of them."""
    if model.timeframe_ms != timeframe_ms:
        lengths = [length_name(each) for each in (model.timeframe_ms, timeframe_ms)]
        raise BadInput(
            f"{asked_by} {model.name}: it reads candles of {lengths[0]}, those here are of {lengths[1]}; "
            "fit one of a journal with that timeframe"
        )
    known = {each.symbol: each for each in model.symbols}
    impacts = {
        name: Impact(known[name].base, known[name].growth)
        for name in symbols
        if name in known and known[name].enough
    }
    if not impacts:
        listed = ", ".join(f"{each.symbol} ({each.note or 'known'})" for each in model.symbols) or "no symbol"
        raise BadInput(f"{asked_by} {model.name}: it knows none of {', '.join(symbols)}; it has {listed}")
    lacking = [name for name in symbols if name not in impacts]
    why = {name: known[name].note if name in known else "no fills" for name in lacking}
    notes = [f"{name}: {why[name]}; the configured costs" for name in lacking]
    if model.mode == "paper":
        notes.append("the slippage model is of a paper account: it knows what its settings said")
    return InUse(impacts, notes)
