"""`agent trades`: closed trades as a table, CSV or JSON."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from agent.account.client import Reader
from agent.cli.options import home_of, say, say_json, say_lines
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import print_text
from agent.views.history import History
from agent.views.trades import COLUMNS, Asked, rows
from domain.errors import BadInput
from domain.money import DECIMALS, show_cash

DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
NO_DAY = "not a day such as 2026-11-28"
EXITS = ("signal", "stop", "target", "operator", "adopted", "written off")
"""How a trade may have ended; anything else is a slip of the pen."""


class Wish(NamedTuple):
    """What the command line asked for."""

    symbols: Sequence[str]
    since: str | None
    until: str | None
    session: int | None
    exits: Sequence[str]
    last: int | None
    csv: bool
    json: bool


def show_trades(home: Path | None, journal: str | None, wish: Wish) -> None:
    """Print the trades that are asked for, oldest first, and what they come to."""
    if wish.csv and wish.json:
        raise BadInput("--csv and --json are two forms: give one of them")
    asked = _asked(wish)
    history = history_of(Reader(home_of(home), journal), wish.session)
    trades = asked.of(history.trades)
    told = list(rows(trades))
    if wish.json:
        say_json(told)
    elif wish.csv:
        print_text(_csv(told))
    elif not told:
        say(
            "no closed trade"
            + (_elsewhere(history) if asked != Asked() else " yet; positions: agent positions")
        )
    else:
        say_lines(_table(told))
        decimals = max((each.instrument.cash_decimals for each in trades), default=DECIMALS)
        pnl, won = sum(each.trade.pnl for each in trades), sum(each.trade.pnl > 0 for each in trades)
        quote = trades[0].instrument.quote
        count = f"{len(trades)} trade{'' if len(trades) == 1 else 's'}"
        say(f"{count}, {won} of them won, P&L {show_cash(pnl, decimals)} {quote} after costs")


def history_of(reader: Reader, session: int | None, *, candles: bool = False) -> History:
    """Fold a journal for what it tells, with a bar. Raises BadInput for a session it does not have."""
    with reader.journal() as opened, progress_bar("reading", opened.head()[0]) as told:
        found = History(session, candles=candles).read(opened, told)
    if session is not None and not found.sessions:
        raise BadInput(f"--session {session}: not in the journal, it holds 1 to {found.state.session}")
    return found


def _elsewhere(history: History) -> str:
    """Say what there is where nothing of it was asked for."""
    symbols = ", ".join(sorted({each.trade.symbol for each in history.trades}))
    return (
        f" of these; the journal has {len(history.trades)} of {symbols}"
        if symbols
        else " of these, nor any other"
    )


def _asked(wish: Wish) -> Asked:
    unknown = [each for each in wish.exits if each not in EXITS]
    if unknown:
        raise BadInput(f"--exit {unknown[0]}: not one of {', '.join(EXITS)}")
    since, until = (_day(name, text) for name, text in (("--since", wish.since), ("--until", wish.until)))
    if since and until and since > until:
        raise BadInput(f"--since {wish.since} is after --until {wish.until}")
    over = None if until is None else until + timedelta(days=1)
    return Asked(frozenset(wish.symbols), since, over, frozenset(wish.exits), wish.last)


def _day(name: str, text: str | None) -> datetime | None:
    """Return a UTC day such as 2026-11-28 or 20261128."""
    if text is None:
        return None
    found = DAY.fullmatch(text)
    if found is None:
        raise BadInput(f"{name} {text[:40]}: {NO_DAY}")
    try:
        return datetime.strptime("".join(found.groups()), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{name} {text[:40]}: {NO_DAY}") from None


def _csv(told: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(told)
    return out.getvalue().rstrip("\n")


def _table(told: Sequence[dict[str, Any]]) -> list[str]:
    head = ("closed", "symbol", "quantity", "entry", "exit", "by", "held", "pnl", "return")
    cells = [head, *(_cells(each) for each in told)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    left = (0, 1, 5)
    return [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _cells(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["closed"][:16].replace("T", " "),
        each["symbol"],
        each["quantity"],
        each["entry_price"],
        each["exit_price"],
        each["exit"],
        _span(each["held_minutes"]),
        each["pnl"],
        "n/a" if each["return"] is None else f"{each['return']:+.2%}",
    )


def _span(minutes: float) -> str:
    if minutes < 60:
        return f"{minutes:.0f}m"
    return f"{minutes / 60:.1f}h" if minutes < 60 * 48 else f"{minutes / 1440:.1f}d"
