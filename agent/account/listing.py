"""The journals of a home: what each is of, from when to when, how large, and what its account is worth."""

from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from agent.account.client import AccountClient
from agent.answers.journals import JournalRow
from agent.settings.home import Home
from agent.views import session
from agent.views.session import decimal
from domain.errors import BadInput, BoydError, JournalFault
from domain.events import Event, OrderReported, SessionStarted


def journals(home: Home) -> list[JournalRow]:
    """Return a row for each journal, the latest used first; one that cannot be read says why."""
    return [_row(home, name) for name in home.all_names()]


def _row(home: Home, name: str) -> JournalRow:
    row = JournalRow(journal=name, running=home.held(name))
    try:
        return _of(AccountClient(home, name), row)
    except BoydError as fault:
        return msgspec.structs.replace(row, problem=str(fault))


def _of(reader: AccountClient, row: JournalRow) -> JournalRow:
    with reader.resting() as opened:
        # A session's start is told by the machine's clock, whatever market it lives in.
        first, last = list(islice(opened.rows(), 2)), opened.tail(1)
        row = msgspec.structs.replace(
            row,
            rows=opened.head()[0],
            sessions=len(opened.session_rows()),
            since=_at(first[-1].event) if first else None,
            until=_at(last[-1].event) if last else None,
        )
        latest = opened.last_session()
        if latest is None or not isinstance(latest.event, SessionStarted):
            return row
        symbols = [each.symbol for each in latest.event.instruments]
        return _worth(reader, opened, msgspec.structs.replace(row, mode=latest.event.mode, symbols=symbols))


def _worth(reader: AccountClient, opened: Any, row: JournalRow) -> JournalRow:
    """Add what the account is worth; why not, where its settings are those of another version."""
    try:
        parts = reader.fold(opened)
    except (BadInput, JournalFault) as fault:
        return msgspec.structs.replace(row, problem=str(fault))
    account = session.account(parts.state)
    return msgspec.structs.replace(
        row,
        equity=account.equity,
        opening_cash=account.opening_cash,
        profit=account.profit,
        trades=account.trades,
        quote=account.quote or "",
        positions=_held(parts.state),
    )


def _held(state: Any) -> dict[str, str]:
    ledger = state.ledger
    return {
        symbol: decimal(ledger.instruments[symbol].quantity(held.lots))
        for symbol, held in ledger.positions.items()
    }


def _at(event: Event) -> datetime:
    return event.receipt.at if isinstance(event, OrderReported) else event.at
