"""Equity over time, thinned to what a page can show without losing its lowest and its highest."""

import sqlite3
from collections.abc import Iterable

import msgspec

from agent.answers.agents import EquityCurve, EquityPoint
from agent.serve.mirror.mirror import Mirror
from agent.serve.mirror.tables import STRETCHES
from domain.errors import BadInput
from domain.money import cash_text
from domain.times import utc

POINTS = 500
MOST = 5_000

_ENDED = "FROM cycles WHERE equity IS NOT NULL"

_EACH = f"SELECT equity, cycle, equity, cycle {_ENDED} ORDER BY cycle"
_SPANS = "SELECT low, low_cycle, high, high_cycle FROM stretches WHERE length = ? ORDER BY number"

Span = tuple[int, int, int, int]
"""The lowest equity of some cycles and its cycle, the highest and its cycle."""


def equity(mirror: Mirror, points: int | None = None) -> EquityCurve:
    """Return about so many points, the first and the last cycle among them. Raises BadInput out of range."""
    count = POINTS if points is None else points
    if not 10 <= count <= MOST:
        raise BadInput(f"points {count}: must be from 10 to {MOST}")
    ledger = mirror.state.ledger
    with mirror.reading() as connection:
        cycles = _chosen(connection, mirror.state.cycles, count)
        rows = connection.execute(
            f"SELECT at, cycle, equity, drawdown {_ENDED} "  # noqa: S608 -- ours
            "AND cycle IN (SELECT value FROM json_each(?)) ORDER BY cycle",
            (msgspec.json.encode(cycles),),
        ).fetchall()
    return EquityCurve(
        quote=next((each.quote for each in ledger.instruments.values()), None),
        opening_cash=cash_text(ledger.opening_cash, ledger.cash_decimals),
        points=[
            EquityPoint(
                at=utc(at),
                cycle=cycle,
                equity=cash_text(worth, ledger.cash_decimals),
                drawdown=round(below, 6),
            )
            for at, cycle, worth, below in rows
        ],
    )


def _chosen(connection: sqlite3.Connection, ended: int, count: int) -> list[int]:
    """Return the cycles to show, of so many that ended."""
    if ended <= count:
        return [row[0] for row in connection.execute(f"SELECT cycle {_ENDED} ORDER BY cycle")]
    begin = connection.execute(f"SELECT cycle {_ENDED} ORDER BY cycle LIMIT 1").fetchone()
    if begin is None:
        return []  # the fold is a step ahead of what may be read
    (first,) = begin
    (last,) = connection.execute(f"SELECT cycle {_ENDED} ORDER BY cycle DESC LIMIT 1").fetchone()
    width = -(-2 * (last - first + 1) // (count - 2))
    length = max((each for each in STRETCHES if each <= width), default=None)
    rows = connection.execute(_SPANS if length else _EACH, (length,) if length else ())
    return sorted({first, last, *_extremes(rows, width)})


def _extremes(rows: Iterable[Span], width: int) -> set[int]:
    """Return the cycles of the lowest and the highest equity in each `width` cycles."""
    spans: dict[int, Span] = {}
    for low, low_cycle, high, high_cycle in rows:
        number = low_cycle // width
        span = spans.get(number)
        if span is None:
            spans[number] = low, low_cycle, high, high_cycle
            continue
        lowest = (low, low_cycle) if low < span[0] else span[:2]
        highest = (high, high_cycle) if high > span[2] else span[2:]
        spans[number] = *lowest, *highest
    return {cycle for span in spans.values() for cycle in (span[1], span[3])}
