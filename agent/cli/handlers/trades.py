"""`agent trades`: closed trades as a table, CSV or JSON."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.account.client import AccountClient
from agent.answers.journals import TradeRow
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer, print_text
from agent.views.history import AccountHistory, ClosedTrade
from agent.views.trades import COLUMNS, EXITS, TradeSelection, rows
from domain.errors import BadInput
from domain.money import DECIMALS, show_cash

DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
NO_DAY = "not a day such as 2026-11-28"


class TradesRequest(NamedTuple):
    """The arguments of `agent trades`."""

    symbols: Sequence[str]
    since: str | None
    until: str | None
    session: int | None
    exits: Sequence[str]
    last: int | None
    csv: bool
    json: bool


def show_trades(home: Path | None, journal: str | None, request: TradesRequest) -> None:
    """Print the trades that are asked for, oldest first, and what they come to."""
    if request.csv and request.json:
        raise BadInput("--csv and --json are two forms: give one of them")
    asked = _asked(request)
    history = history_of(AccountClient(home_of(home), journal), request.session)
    trades = asked.of(history.trades)
    report = list(rows(trades))
    if request.csv:
        print_text(_csv(report))
        return
    nothing = _elsewhere(history) if asked != TradeSelection() else " yet; positions: agent positions"
    answer(
        report,
        lambda rows: [*_table(rows), _total(trades)] if rows else [f"no closed trade{nothing}"],
        json=request.json,
    )


def _total(trades: Sequence[ClosedTrade]) -> str:
    decimals = max((each.instrument.cash_decimals for each in trades), default=DECIMALS)
    pnl, won = sum(each.trade.pnl for each in trades), sum(each.trade.pnl > 0 for each in trades)
    quote = trades[0].instrument.quote
    count = f"{len(trades)} trade{'' if len(trades) == 1 else 's'}"
    return f"{count}, {won} of them won, P&L {show_cash(pnl, decimals)} {quote} after costs"


def history_of(reader: AccountClient, session: int | None, *, candles: bool = False) -> AccountHistory:
    """Fold a journal for what it tells, with a bar. Raises BadInput for a session it does not have."""
    with reader.journal() as opened, progress_bar("reading", opened.head()[0]) as report:
        result = AccountHistory(session, candles=candles).read(opened, report)
    if session is not None and not result.sessions:
        raise BadInput(f"--session {session}: not in the journal, it holds 1 to {result.state.session}")
    return result


def _elsewhere(history: AccountHistory) -> str:
    """Say what there is where nothing of it was asked for."""
    symbols = ", ".join(sorted({each.trade.symbol for each in history.trades}))
    return (
        f" of these; the journal has {len(history.trades)} of {symbols}"
        if symbols
        else " of these, nor any other"
    )


def _asked(request: TradesRequest) -> TradeSelection:
    unknown = [each for each in request.exits if each not in EXITS]
    if unknown:
        raise BadInput(f"--exit {unknown[0]}: not one of {', '.join(EXITS)}")
    since, until = (
        _day(name, text) for name, text in (("--since", request.since), ("--until", request.until))
    )
    if since and until and since > until:
        raise BadInput(f"--since {request.since} is after --until {request.until}")
    over = None if until is None else until + timedelta(days=1)
    return TradeSelection(frozenset(request.symbols), since, over, frozenset(request.exits), request.last)


def _day(name: str, text: str | None) -> datetime | None:
    """Return a UTC day such as 2026-11-28 or 20261128."""
    if text is None:
        return None
    match = DAY.fullmatch(text)
    if match is None:
        raise BadInput(f"{name} {text[:40]}: {NO_DAY}")
    try:
        return datetime.strptime("".join(match.groups()), "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"{name} {text[:40]}: {NO_DAY}") from None


def _csv(report: Sequence[TradeRow]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(msgspec.to_builtins(report))
    return out.getvalue().rstrip("\n")


def _table(report: Sequence[TradeRow]) -> list[str]:
    head = ("closed", "symbol", "quantity", "entry", "exit", "by", "held", "pnl", "return")
    cells = [head, *(_cells(each) for each in report)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(head))]
    left = (0, 1, 5)
    return [
        "  ".join(
            cell.ljust(width) if index in left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _cells(each: TradeRow) -> tuple[str, ...]:
    return (
        f"{each.closed:%Y-%m-%d %H:%M}",
        each.symbol,
        each.quantity,
        each.entry_price,
        each.exit_price,
        each.exit,
        _span(each.held_minutes),
        each.pnl,
        "n/a" if each.earned is None else f"{each.earned:+.2%}",
    )


def _span(minutes: float) -> str:
    if minutes < 60:
        return f"{minutes:.0f}m"
    return f"{minutes / 60:.1f}h" if minutes < 60 * 48 else f"{minutes / 1440:.1f}d"
