"""The journal itself, the settings, the log and the doctor."""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from agent.account.at_hand import AtHand
from agent.account.client import AccountClient
from agent.answers.agents import AgentRow, LogLine, SettingRow
from agent.answers.journals import Anchored, ChainAnswer, JournalRow
from agent.doctor.check import CheckResult
from agent.host import log_tail
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY, named_agent
from agent.serve.fleet.turns import taken
from agent.serve.fleet.watched import Watched
from agent.serve.mirror.mirror import Unready
from agent.serve.table import API, Asking, Content, Lane, Route
from agent.settings.changes import changeable
from agent.settings.hidden import hidden_texts
from agent.settings.home import Busy, Home
from agent.settings.listing import UNSET, OneSetting, listed, of_pair
from agent.state.changes import Changed
from domain.errors import BadInput, JournalFault
from domain.events import OrderReported
from domain.ports import Row
from domain.private import private_folder
from edge.files import write_whole
from journal.anchor import Anchor, read_anchor
from journal.stored import Broken
from journal.verify import verify

NDJSON = "application/x-ndjson"
ONE_AT_A_TIME = threading.Semaphore(1)
"""A journal is verified, and everything examined, one after the other: each reads all there is."""


class LogQuery(Struct, frozen=True, kw_only=True):
    """The lines asked for."""

    lines: Annotated[int, Meta(ge=1, le=5_000, description="Lines, the latest ones.")] = 200
    level: Annotated[
        str,
        Meta(
            pattern="^(|debug|info|warning|error|critical)$",
            description="Of this level and above; all if not given.",
        ),
    ] = ""


class AnchorAsked(Struct, frozen=True, kw_only=True):
    """Nothing is needed."""

    reason: str = ""
    key: str = ""


def journal(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> JournalRow:
    """Return the extent of a journal and what its account is worth."""
    watched = asking.fleet.get(path["agent"])
    row = watched.row()
    first, last, sessions = _extent(watched)
    return JournalRow(
        journal=watched.name,
        running=row.running,
        rows=watched.mirror.head,
        sessions=sessions,
        since=first,
        until=last,
        mode=row.mode,
        symbols=row.symbols,
        equity=row.equity,
        opening_cash=watched.status().account.opening_cash,
        profit=row.profit,
        trades=watched.status().account.trades,
        quote=row.quote,
        positions=_held(row),
        problem=watched.problem,
    )


def _held(row: AgentRow) -> dict[str, str]:
    return {each.symbol: each.quantity for each in row.positions}


def _extent(watched: Watched) -> tuple[datetime | None, datetime | None, int]:
    """Return the instants of the first and the last row, and the sessions."""
    with watched.mirror.records() as records:
        # A session's start is told by the machine's clock, whatever market it lives in.
        first, last = list(islice(records.rows(), 2)), records.tail(1)
        return _at(first), _at(last), len(records.session_rows())


def _at(rows: Sequence[Row]) -> datetime | None:
    if not rows:
        return None
    event = rows[-1].event
    return event.receipt.at if isinstance(event, OrderReported) else event.at


def verified(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> ChainAnswer:
    """Check every row of the journal itself, and the latest anchor that was written here."""
    name = _at_rest(named_agent(asking, path))
    with ONE_AT_A_TIME, AccountClient(asking.home, name).to_verify() as opened:
        result = verify(opened, _latest_anchor(asking.home, name))
    return ChainAnswer(journal=name, intact=not isinstance(result, Broken), **result._asdict())


def _at_rest(name: str) -> str:
    """Return the name of an agent whose journal is not open here. Raises Busy for a moment where it is."""
    if taken(name):
        raise Busy(f"a command on {name} has its journal open: ask again when it is done")
    return name


def _latest_anchor(home: Home, name: str) -> Anchor | None:
    """Return the anchor of the latest row, None where none was written or it cannot be read."""
    files = sorted(_anchors(home).glob(f"{name}-*.json"), key=lambda file: file.stat().st_mtime)
    try:
        return read_anchor(files[-1]) if files else None
    except BadInput:
        return None


def _anchors(home: Home) -> Path:
    return home.root / "anchors"


def anchored(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Anchored:
    """Write down where the chain stands, as a file of the home; keep a copy on another machine."""
    name = _at_rest(named_agent(asking, path))
    with AtHand(asking.home, name) as opened:
        (seq, head), journal_id = opened.head(), opened.journal_id
    if not seq:
        raise JournalFault("the journal is empty: nothing to anchor")
    file = _anchors(asking.home) / f"{name}-{seq:012d}.json"
    try:
        private_folder(file.parent)
        write_whole(file, msgspec.json.encode(Anchor(journal_id, seq, head)) + b"\n")
    except OSError as error:
        raise JournalFault(f"anchor {file} cannot be written: {error.strerror}") from None
    return Anchored(journal=name, seq=seq, hash=head, file=str(file))


def exported(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return every row as it stands, as JSON lines, a page at a time."""
    watched = asking.fleet.get(path["agent"])
    last = watched.mirror.head
    name = f'attachment; filename="{watched.name}.ndjson"'
    return Content(_rows(watched, last), NDJSON, {"content-disposition": name, "x-rows": str(last)})


def _rows(watched: Watched, last: int) -> Iterator[bytes]:
    after = 0
    while after < last:
        with watched.mirror.records() as records:
            page = [row for row in records.page(after, 1_000) if row.seq <= last]
        if not page:
            return
        yield b"".join(
            msgspec.json.encode(
                {"seq": row.seq, "hash": bytes(row.hash).hex(), "event": msgspec.Raw(row.payload)}
            )
            + b"\n"
            for row in page
        )
        after = page[-1].seq


def settings(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> list[SettingRow]:
    """Return every setting in force, secrets masked."""
    mirror = asking.fleet.get(path["agent"]).mirror
    started, changed = mirror.started, mirror.state.changed
    if started is None:
        raise Unready(f"journal {path['agent'][:80]} was not read yet; ask again in a moment")
    # Journals of a home lie all in its database, or none does.
    unset = () if asking.home.server else ("db_url",)
    rows = list(listed(started.settings, unset=unset))
    known = {each.name for each in rows}
    rows += [of_pair(name, each.own) for name, each in changed.items() if name not in known]
    may = set(changeable(started.settings.get("symbols", ())))
    return [_setting(each, changed.get(each.name), may) for each in rows]


def _setting(each: OneSetting, change: Changed | None, may: set[str]) -> SettingRow:
    plain = "secret" if each.secret else "default" if each.value in (each.default, UNSET) else "set"
    return SettingRow(
        name=each.name,
        value=each.value if change is None else change.value,
        source=plain if change is None else "changed",
        changeable=each.name in may,
        default=each.default,
        changed=None if change is None else _told(change),
        description=each.description,
        limits=each.limits,
    )


def _told(change: Changed) -> str:
    when = f"{change.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{change.own} in the settings; by {change.by} at {when}: {change.reason}"


def log_lines(asking: Asking, _path: dict[str, str], query: LogQuery, _body: Any) -> list[LogLine]:
    """Return the end of the log, secrets taken out once more."""
    root, tokens = asking.home.root, asking.door.tokens
    files = [root / "agent.log", root / "serve.log"]
    secrets = [tokens.trade, tokens.read, *hidden_texts(root)]
    lines = log_tail.tail(files, query.lines, query.level or "debug", secrets)
    return [LogLine(at=each.at, level=each.level, text=each.text, fields=each.fields) for each in lines]


def doctor(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[CheckResult]:
    """Examine configuration, files, journals, clock and providers."""
    from agent.doctor.doctor import examine  # noqa: PLC0415  # heavy, and seldom asked

    with ONE_AT_A_TIME:
        return examine({"home": asking.home.root}, None, asking.clock)


def _read(path: str, summary: str, answer: Any, handler: Any, tag: str, **more: Any) -> Route:
    return Route("GET", f"{API}{path}", Scope.READ, summary, answer, handler, tag, **more)


AGENT = "/agents/{agent}"

ROUTES = (
    _read(f"{AGENT}/journal", "The extent of the journal", JournalRow, journal, "journal"),
    _read(
        f"{AGENT}/journal/verify", "Check every row of the journal, and its latest anchor", ChainAnswer,
        verified, "journal", lane=Lane.SLOW,
    ),
    _read(
        f"{AGENT}/journal/export", "Every row as JSON lines: sequence, hash, event", bytes, exported,
        "journal", media=NDJSON,
    ),
    Route(
        "POST", f"{API}{AGENT}/journal/anchor", Scope.TRADE, "Write down where the chain stands", Anchored,
        anchored, "journal", body=AnchorAsked, headers=KEY,
    ),
    _read(f"{AGENT}/settings", "Every setting in force", list[SettingRow], settings, "agents"),
    _read("/log", "The end of the log", list[LogLine], log_lines, "server", query=LogQuery),
    _read(
        "/doctor", "Checks of this installation, with what to do", list[CheckResult], doctor, "server",
        lane=Lane.SLOW,
    ),
)  # fmt: skip
