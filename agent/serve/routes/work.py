"""Work beside the agents: started, followed, cancelled, its answer and its report read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.answers.work import WorkKind, WorkRow
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY, by_of, key_of
from agent.serve.table import API, HTML, JSON, Asking, Content, Route, unknown

PART = 65_536
_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]+)"')
_MARKET = re.compile(
    rb'<figure class="chart" data-chart="market"[^>]*>(?:<h3>[^<]*</h3>)?\s*'
    rb'<script type="application/json">([^<]*)</script>'
)
ALONE = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
"""A report runs its own scripts and nothing else: it has no cookie and asks nobody."""


class WorkAsked(Struct, frozen=True, kw_only=True):
    """The `kind` of work, and `options` by the names the command of that name has for them."""

    kind: WorkKind
    options: dict[str, Any] = {}
    reason: str = ""
    key: str = ""


class CancelAsked(Struct, frozen=True, kw_only=True):
    """Nothing is needed."""

    reason: str = ""
    key: str = ""


def rows(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> list[WorkRow]:
    """Return every piece of work, the latest first."""
    result: list[WorkRow] = asking.work.rows()
    return result


def row(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> WorkRow:
    """Return one piece of work."""
    result: WorkRow = asking.work.row(path["id"])
    return result


def begin(asking: Asking, _path: dict[str, str], _query: Any, body: WorkAsked) -> WorkRow:
    """Take a piece of work."""
    key = key_of(asking, body)

    def ask() -> WorkRow:
        result: WorkRow = asking.work.ask(body.kind, body.options, by_of(asking), key)
        return result

    # Its own memory of keys answers which one it was.
    return asking.keys.once("work", key, (body.kind, body.options), ask, ask)


def cancel(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> WorkRow:
    """Cancel a piece of work."""
    result: WorkRow = asking.work.cancel(path["id"])
    return result


def answer(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return what the command printed."""
    files = asking.work.place(path["id"])
    if not asking.work.row(path["id"]).answer:
        raise unknown(f"work {path['id'][:80]}: it has no answer")
    return Content(parts_of(files.answer), JSON)


def report(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return the page a backtest wrote."""
    files = asking.work.place(path["id"])
    if not files.report.is_file():
        raise unknown(f"work {path['id'][:80]}: it has no report")
    return page_of(files.report)


def page_of(path: Path) -> Content:
    """Return a written page, which runs its own scripts and nothing else."""
    with path.open("rb") as file:
        match = _POLICY.search(file.read(PART))
    own = match[1].decode() if match else "default-src 'none'"
    return Content(
        parts_of(path), HTML, {"x-frame-options": "SAMEORIGIN"}, policy=f"{own.rstrip('; ')}; {ALONE}"
    )


def markets(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Content:
    """Return the charts of candles and trades that the page a backtest wrote holds as data."""
    files = asking.work.place(path["id"])
    if not files.report.is_file():
        raise unknown(f"work {path['id'][:80]}: it has no report")
    return Content(b"[" + b",".join(_MARKET.findall(files.report.read_bytes())) + b"]", JSON)


def parts_of(path: Path) -> Iterator[bytes]:
    """Yield a file part by part."""
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part


def _read(path: str, summary: str, given: Any, handler: Any, **more: Any) -> Route:
    return Route("GET", f"{API}/work{path}", Scope.READ, summary, given, handler, "work", **more)


ROUTES = (
    _read("", "Every piece of work, the latest first", list[WorkRow], rows),
    _read("/{id}", "One piece of work: how far it is, how it ended", WorkRow, row),
    _read("/{id}/answer", "Its answer: what the command prints with --json", dict[str, Any], answer),
    _read(
        "/{id}/markets",
        "Candles and trades of a backtest, a symbol each, as its report draws them",
        list[dict[str, Any]],
        markets,
    ),
    _read("/{id}/report", "Its report: a page", str, report, media=HTML),
    Route(
        "POST", f"{API}/work", Scope.TRADE, "Start a backtest, a walk-forward or a study", WorkRow, begin,
        "work", body=WorkAsked, headers=KEY,
    ),
    Route(
        "POST", f"{API}/work/{{id}}/cancel", Scope.TRADE, "Cancel a piece of work", WorkRow, cancel, "work",
        body=CancelAsked, headers=KEY,
    ),
)  # fmt: skip
