"""The journals of a home: what each is of, from when to when, how large, and what its account is worth."""

from datetime import datetime
from itertools import islice
from typing import Any

from agent.account.client import AccountClient
from agent.settings.home import Home
from agent.views import session
from agent.views.session import decimal
from domain.errors import BadInput, BoydError, JournalFault
from domain.events import Event, OrderReported, SessionStarted


def journals(home: Home) -> list[dict[str, Any]]:
    """Return a row for each journal, the latest used first; one that cannot be read says why."""
    return [_row(home, name) for name in _names(home)]


def _names(home: Home) -> list[str]:
    if not home.server:
        return home.names()
    from journal.accounts import accounts  # noqa: PLC0415  # psycopg is an extra

    return accounts(home.server)


def _row(home: Home, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"journal": name, "running": home.held(name)}
    try:
        answer |= _of(AccountClient(home, name))
    except BoydError as fault:
        answer["problem"] = str(fault)
    return answer


def _of(reader: AccountClient) -> dict[str, Any]:
    with reader.resting() as opened:
        # A session's start is told by the machine's clock, whatever market it lives in.
        first, last = list(islice(opened.rows(), 2)), opened.tail(1)
        sessions = len(opened.session_rows())
        answer: dict[str, Any] = {
            "rows": opened.head()[0],
            "sessions": sessions,
            "since": _at(first[-1].event).isoformat() if first else None,
            "until": _at(last[-1].event).isoformat() if last else None,
        }
        row = opened.last_session()
        if row is not None and isinstance(row.event, SessionStarted):
            answer |= {"mode": row.event.mode, "symbols": [each.symbol for each in row.event.instruments]}
            answer |= _worth(reader, opened)
    return answer


def _worth(reader: AccountClient, opened: Any) -> dict[str, Any]:
    """Return what the account is worth; nothing where its settings are those of another version."""
    try:
        parts = reader.fold(opened)
    except (BadInput, JournalFault) as fault:
        return {"problem": str(fault)}
    account = session.account(parts.state)
    quote = next((each.quote for each in parts.state.ledger.instruments.values()), "")
    names = ("equity", "opening_cash", "profit", "trades")
    return {name: account[name] for name in names} | {"quote": quote, "positions": _held(parts.state)}


def _held(state: Any) -> dict[str, str]:
    ledger = state.ledger
    return {
        symbol: decimal(ledger.instruments[symbol].quantity(held.lots))
        for symbol, held in ledger.positions.items()
    }


def _at(event: Event) -> datetime:
    return event.receipt.at if isinstance(event, OrderReported) else event.at
