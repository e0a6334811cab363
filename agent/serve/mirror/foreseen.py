"""Forecasts in a mirror's tables: given with a cycle, resolved by a lesson."""

import sqlite3
from collections.abc import Callable

import msgspec

from domain.events import CycleDecided
from domain.lesson import Lesson
from domain.times import millis
from edge.typed_json import reader
from learning.forecasts import Forecast, Resolved, Tally, forecasts_of, foretells, says_something

Do = Callable[..., sqlite3.Cursor]

_encode = msgspec.json.Encoder().encode
_decode = reader(Forecast)

_ROWS = "SELECT body, result, learned_at, kind FROM forecasts WHERE {} ORDER BY number"


def foretell(do: Do, event: CycleDecided) -> None:
    """Keep what voices forecast in a cycle."""
    if not foretells(event):
        return
    known = {name: Tally(count, won) for name, count, won in do("SELECT voice, count, won FROM tallies")}
    for each in forecasts_of(event, known):
        do(
            "INSERT INTO forecasts (cycle, symbol, voice, body) VALUES (?, ?, ?, ?)",
            (each.cycle, each.symbol, each.voice, _encode(each)),
        )


def resolve(do: Do, lesson: Lesson) -> None:
    """Give the forecasts of an entry its outcome, or drop them where it says nothing of them."""
    index = lesson.context.cycle_id, lesson.context.symbol
    mine = "cycle = ? AND symbol = ? AND kind IS NULL"
    if not says_something(lesson):
        do(f"DELETE FROM forecasts WHERE {mine}", index)  # noqa: S608 -- ours
        return
    won = lesson.result > 0
    do(
        "INSERT INTO tallies SELECT voice, 1, ? FROM forecasts "  # noqa: S608 -- ours
        f"WHERE {mine} ON CONFLICT DO UPDATE SET count = count + 1, won = won + excluded.won",
        (won, *index),
    )
    do(
        f"UPDATE forecasts SET result = ?, learned_at = ?, kind = ? WHERE {mine}",  # noqa: S608 -- ours
        (lesson.result, millis(lesson.learned_at), lesson.kind, *index),
    )


def foretold(connection: sqlite3.Connection) -> tuple[list[Resolved], list[Forecast]]:
    """Return the forecasts whose outcome is known, and those still open."""
    done = [
        Resolved(_decode(body), result, learned_at, kind)
        for body, result, learned_at, kind in connection.execute(_ROWS.format("kind IS NOT NULL"))
    ]
    return done, [_decode(row[0]) for row in connection.execute(_ROWS.format("kind IS NULL"))]
