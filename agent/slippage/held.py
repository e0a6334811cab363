"""A model held against orders it was not made of: what a backtest would have taken, and what they paid."""

from collections.abc import Callable, Iterator, Sequence
from math import sqrt

from agent.answers.slippage import SlippageCheckAnswer, SlippageHeld
from agent.slippage.measured import MeasuredOrders
from domain.errors import BadInput
from domain.impact import MOST_PPM
from domain.slippage import SlippageModel, SymbolSlippage
from journal.history import History
from learning.slippage import LEAST, PaidOrder

DOUBT = 2.0
"""Standard errors by which orders must have paid more before a model is called too cheap."""


def held_against(
    records: History, journal: str, model: SlippageModel, tell: Callable[[int], None]
) -> SlippageCheckAnswer:
    """Return how a model stands against a journal's orders; of its own journal only later rows count.

    Raises BadInput where the journal's last session read candles of another length, JournalFault where its
    chain is broken.
    """
    after = model.seq if records.journal_id == model.journal_id else 0
    orders = MeasuredOrders()
    seq = 0
    for row in records.rows():
        orders.take(row.event)
        if row.seq == after:
            orders.forget()
        seq = row.seq
        tell(seq)
    if orders.timeframe_ms != model.timeframe_ms:
        raise BadInput(
            f"journal {journal}: candles of {orders.timeframe_ms // 1000} s, model {model.name} reads "
            f"those of {model.timeframe_ms // 1000} s; fit one of this journal"
        )
    return SlippageCheckAnswer(
        model=model.name,
        version=model.version,
        journal=journal,
        after=after,
        seq=seq,
        symbols=list(_held(model, orders.paid())),
    )


def _held(model: SlippageModel, paid: dict[str, list[PaidOrder]]) -> Iterator[SlippageHeld]:
    known = {each.symbol: each for each in model.symbols if each.enough}
    for symbol in sorted(known):
        yield held(symbol, known[symbol], paid.get(symbol, []), model.configured_ppm or 0.0)


def held(symbol: str, law: SymbolSlippage, rows: Sequence[PaidOrder], configured_ppm: float) -> SlippageHeld:
    """Return how a symbol's law, or the settings where they are dearer, stands against orders."""
    if len(rows) < LEAST:
        note = f"not enough fills: {len(rows)} of {LEAST}"
        return SlippageHeld(symbol=symbol, orders=len(rows), note=note)
    taken = [max(configured_ppm, _law(law, each)) for each in rows]
    more = [each.beyond_ppm - cost for each, cost in zip(rows, taken, strict=True)]
    count = len(rows)
    mean = sum(more) / count
    error = sqrt(sum((each - mean) ** 2 for each in more) / (count - 1) / count)
    dear = mean > DOUBT * error and mean > 0
    return SlippageHeld(
        symbol=symbol,
        orders=count,
        taken_ppm=sum(taken) / count,
        measured_ppm=sum(each.beyond_ppm for each in rows) / count,
        error_ppm=error,
        too_cheap=dear,
        note="orders paid more than a backtest takes: fit anew" if dear else "",
    )


def _law(law: SymbolSlippage, each: PaidOrder) -> float:
    return min(each.range_ppm * (law.base + law.growth * sqrt(each.share)), float(MOST_PPM))
