"""Lists a page at a time, newest first: cycles, orders, fills, trades, lessons.

A cursor is the number of the last row that was given, as text: rows that come meanwhile move no page.
"""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from agent.answers.account import DecisionRow
from agent.answers.agents import CycleRow, FillRow, OrderRow, Page
from agent.answers.journals import TradeRow
from agent.answers.learned import LessonRow
from agent.serve.mirror.mirror import Mirror
from domain.errors import BadInput
from domain.money import cash_text
from domain.times import millis, utc
from edge.typed_json import reader

T = TypeVar("T")

LIMIT = 50
MOST = 500
"""Rows of a page, unless asked for otherwise and at most."""

_LARGEST = 2**63 - 1


class RowFilters(NamedTuple):
    """The rows that are asked for; what is None does not matter. Times: from `since` on, before `until`."""

    symbol: str | None = None
    outcome: str | None = None
    acted: bool = False
    rule: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


NO_FILTERS = RowFilters()


class _Clause:
    """Conditions of a query, with their values."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, value: Any) -> "_Clause":
        """Add a condition unless its value is None."""
        if value is not None:
            self.conditions.append(condition)
            self.values.append(millis(value) if isinstance(value, datetime) else value)
        return self

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


def cursor_of(text: str | None) -> int:
    """Return the number a cursor names. Raises BadInput for one that nobody gave."""
    if text is None:
        return _LARGEST
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput(f"cursor {text[:40]!r}: not one that a page gave as `next`")
    return int(text)


def limit_of(limit: int | None) -> int:
    """Return how many rows a page has. Raises BadInput out of range."""
    if limit is None:
        return LIMIT
    if not 1 <= limit <= MOST:
        raise BadInput(f"limit {limit}: must be from 1 to {MOST}")
    return limit


def _page(rows: Sequence[Any], limit: int, number: Callable[[Any], int], item: Callable[[Any], T]) -> Page[T]:
    more = len(rows) > limit
    kept = rows[:limit]
    return Page(items=[item(row) for row in kept], next=str(number(kept[-1])) if more else None)


def cycles(
    mirror: Mirror, filters: RowFilters = NO_FILTERS, cursor: str | None = None, limit: int | None = None
) -> Page[CycleRow]:
    """Return cycles. Of `rule` and `symbol` those count in which a decision on the symbol met the rule."""
    count, clause = limit_of(limit), _Clause().add("cycle < ?", cursor_of(cursor))
    clause.add("at >= ?", filters.since).add("at < ?", filters.until).add("outcome = ?", filters.outcome)
    clause.add("outcome <> ?", "held" if filters.acted else None)
    if filters.symbol is None and filters.rule is None:
        query = f"SELECT cycle FROM cycles WHERE {clause} ORDER BY cycle DESC LIMIT ?"  # noqa: S608
    else:
        clause.add("symbol = ?", filters.symbol).add("verdict = ?", filters.rule)
        query = f"SELECT DISTINCT cycle FROM decisions WHERE {clause} ORDER BY cycle DESC LIMIT ?"  # noqa: S608
    decimals = mirror.state.ledger.cash_decimals
    with mirror.reading() as connection:
        numbers = [row[0] for row in connection.execute(query, (*clause.values, count + 1))]
        return _page(
            _cycle_rows(connection, numbers), count, lambda row: row[0], lambda row: _cycle(row, decimals)
        )


def _cycle_rows(connection: sqlite3.Connection, numbers: list[int]) -> list[tuple[Any, ...]]:
    """Return what is known of cycles, with their decisions as the last value."""
    chosen = msgspec.json.encode(numbers)
    decisions: dict[int, list[DecisionRow]] = {number: [] for number in numbers}
    query = "SELECT cycle, body FROM decisions WHERE cycle IN (SELECT value FROM json_each(?))"
    for number, body in connection.execute(query, (chosen,)):
        decisions[number].append(_decision(body))
    rows = connection.execute(
        "SELECT cycle, seq, at, session, outcome, error, equity FROM cycles "
        "WHERE cycle IN (SELECT value FROM json_each(?)) ORDER BY cycle DESC",
        (chosen,),
    )
    return [(*row, decisions[row[0]]) for row in rows]


def _cycle(row: tuple[Any, ...], decimals: int) -> CycleRow:
    cycle, seq, at, session, outcome, error, equity, decisions = row
    return CycleRow(
        cycle=cycle,
        seq=seq,
        at=utc(at),
        session=session,
        outcome=outcome,
        error=error,
        equity=None if equity is None else cash_text(equity, decimals),
        decisions=decisions,
    )


_decision = reader(DecisionRow)
_fill = reader(FillRow)
_trade = reader(TradeRow)
_lesson = reader(LessonRow)

_ORDER = (
    "client_id, cycle, seq, at, symbol, purpose, side, type, quantity, filled, level, status, open, reason"
)


def orders(
    mirror: Mirror,
    filters: RowFilters = NO_FILTERS,
    cursor: str | None = None,
    limit: int | None = None,
    *,
    only_open: bool = False,
) -> Page[OrderRow]:
    """Return orders by the row that intended them."""
    count, clause = limit_of(limit), _Clause().add("seq < ?", cursor_of(cursor))
    clause.add("symbol = ?", filters.symbol).add("at >= ?", filters.since).add("at < ?", filters.until)
    clause.add("open = ?", 1 if only_open else None)
    # Orders of one row come together, so that a page never ends in the midst of them.
    query = f"SELECT {_ORDER} FROM orders WHERE {clause} ORDER BY seq DESC, client_id LIMIT ?"  # noqa: S608
    with mirror.reading() as connection:
        rows = connection.execute(query, (*clause.values, count + 1)).fetchall()
        if len(rows) > count:
            last = rows[count - 1][2]
            rest = f"SELECT {_ORDER} FROM orders WHERE {clause} AND seq = ? ORDER BY client_id"  # noqa: S608
            whole = connection.execute(rest, (*clause.values, last)).fetchall()
            rows = [row for row in rows if row[2] > last] + whole
            return Page(items=[_order(row) for row in rows], next=str(last))
    return Page(items=[_order(row) for row in rows])


def _order(row: tuple[Any, ...]) -> OrderRow:
    values = dict(zip(OrderRow.__struct_fields__, row, strict=True))
    return OrderRow(**values | {"at": utc(values["at"]), "open": bool(values["open"])})


def fills(
    mirror: Mirror, filters: RowFilters = NO_FILTERS, cursor: str | None = None, limit: int | None = None
) -> Page[FillRow]:
    """Return fills."""
    clause = _Clause().add("symbol = ?", filters.symbol)
    clause.add("at >= ?", filters.since).add("at < ?", filters.until)
    return _bodies(mirror, "fills", clause, cursor, limit, _fill)


def trades(
    mirror: Mirror, filters: RowFilters = NO_FILTERS, cursor: str | None = None, limit: int | None = None
) -> Page[TradeRow]:
    """Return closed trades; `kind` is how they ended, times are when they closed."""
    clause = _Clause().add("symbol = ?", filters.symbol).add("exit = ?", filters.kind)
    clause.add("closed >= ?", filters.since).add("closed < ?", filters.until)
    return _bodies(mirror, "trades", clause, cursor, limit, _trade)


def lessons(
    mirror: Mirror, filters: RowFilters = NO_FILTERS, cursor: str | None = None, limit: int | None = None
) -> Page[LessonRow]:
    """Return lessons; `kind` is "trade" or "veto", `rule` the vetoing rule."""
    clause = _Clause().add("symbol = ?", filters.symbol).add("kind = ?", filters.kind)
    clause.add("rule = ?", filters.rule).add("at >= ?", filters.since).add("at < ?", filters.until)
    return _bodies(mirror, "lessons", clause, cursor, limit, _lesson)


def _bodies(
    mirror: Mirror,
    table: str,
    clause: _Clause,
    cursor: str | None,
    limit: int | None,
    decode: Callable[[bytes], T],
) -> Page[T]:
    count = limit_of(limit)
    clause.add("number < ?", cursor_of(cursor))
    query = f"SELECT number, body FROM {table} WHERE {clause} ORDER BY number DESC LIMIT ?"  # noqa: S608
    with mirror.reading() as connection:
        rows = connection.execute(query, (*clause.values, count + 1)).fetchall()
    return _page(rows, count, lambda row: int(row[0]), lambda row: decode(row[1]))
