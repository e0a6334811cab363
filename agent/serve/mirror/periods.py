"""Profit by day, week or month: what the equity did, and what the trades closed in it came to."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.answers.learned import Period, ProfitAnswer, ProfitRow
from agent.serve.mirror.mirror import Mirror
from domain.errors import BadInput
from domain.money import cash_text
from domain.times import millis, utc

LIMIT = 30
MOST = 400

_EQUITY = "SELECT equity FROM cycles WHERE at < ? AND equity IS NOT NULL ORDER BY at DESC, cycle DESC LIMIT 1"
_CLOSED = (
    "SELECT count(*), total(pnl > 0), coalesce(sum(pnl), 0), coalesce(sum(fees), 0) FROM trades "
    "WHERE closed >= ? AND closed < ?"
)


def profit(mirror: Mirror, by: Period = Period.DAY, limit: int | None = None) -> ProfitAnswer:
    """Return the latest periods with a cycle in or after them, newest first. Raises BadInput out of range."""
    count = LIMIT if limit is None else limit
    if not 1 <= count <= MOST:
        raise BadInput(f"limit {count}: must be from 1 to {MOST}")
    ledger = mirror.state.ledger
    with mirror.reading() as connection:
        first, last = connection.execute("SELECT min(at), max(at) FROM cycles").fetchone()
        spans = [] if last is None else list(_spans(by, utc(first), utc(last), count))
        rows = [_row(connection, begin, end, mirror) for begin, end in spans]
    quote = next((each.quote for each in ledger.instruments.values()), None)
    return ProfitAnswer(quote=quote, by=by, rows=rows)


def _row(connection: sqlite3.Connection, begin: datetime, end: datetime, mirror: Mirror) -> ProfitRow:
    ledger = mirror.state.ledger
    before, after = (connection.execute(_EQUITY, (millis(each),)).fetchone() for each in (begin, end))
    opened = before[0] if before else ledger.opening_cash
    closed = after[0] if after else opened
    trades, wins, pnl, fees = connection.execute(_CLOSED, (millis(begin), millis(end))).fetchone()

    def money(units: int) -> str:
        return cash_text(units, ledger.cash_decimals)

    return ProfitRow(
        begin=begin,
        end=end,
        equity=money(closed),
        change=money(closed - opened),
        change_share=(closed - opened) / opened if opened else None,
        trades=trades,
        wins=round(wins),
        closed=money(pnl),
        fees=money(fees),
    )


def _spans(by: Period, first: datetime, last: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield periods from the one of `last` back to that of `first`, so many at most."""
    begin = _begin(by, last)
    end = _begin(by, begin + timedelta(days=32 if by is Period.MONTH else _DAYS[by]))
    for _ in range(count):
        yield begin, end
        if begin <= first:
            return
        begin, end = _begin(by, begin - timedelta(days=1)), begin


_DAYS = {Period.DAY: 1, Period.WEEK: 7}


def _begin(by: Period, at: datetime) -> datetime:
    """Return the first instant (UTC) of a period; weeks begin on Monday."""
    day = datetime(at.year, at.month, at.day, tzinfo=UTC)
    if by is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by is Period.MONTH else day
