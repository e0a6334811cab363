"""A journal's row as what is told of it: nothing of most rows, one message or a few of some.

Pure: the same row gives the same messages with the same ids, so a message is read again from its row instead
of being kept anywhere.
"""

from collections.abc import Iterator
from typing import NamedTuple

from agent.alerts.channel import AlertKind, Message, Severity
from agent.alerts.table import BY_KIND, runbook
from agent.answers.agents import FillRow
from agent.answers.stream import DecidedBody, NoteBody, ReportBody, SessionBody, StreamEvent
from domain.order import OrderStatus
from edge.typed_json import reader

KINDS = frozenset(
    {
        "session_started",
        "session_ended",
        "cycle_decided",
        "order_reported",
        "kill_switch_set",
        "parameters_set",
        "settings_changed",
        "account_adopted",
        "position_written_off",
        "flatten_asked",
        "journaled_afterwards",
        "advice_answered",
    }
)
"""Rows of which something may be told; the others need not be read."""

SILENT = {"cycle_decided": b'"reports":[]', "advice_answered": b'"alarm":""'}
"""In most rows of a kind: no resting order did anything, an answer's account of itself may be true."""

FAULT = "fault: "
DOUBTFUL = {
    OrderStatus.UNKNOWN: AlertKind.ORDER_UNKNOWN,
    OrderStatus.NEEDS_OPERATOR: AlertKind.ORDER_NEEDS_OPERATOR,
}

_decode = reader(StreamEvent)


class Telling(NamedTuple):
    """A message, and where it is read again from: its source (a journal's id), row, and part of the row.

    `concern` names what somebody has to see to, for as long as it lasts, "" where nothing is: "kill", or
    "order/ID". `once` names what is not said again for a while, "" where everything is said.
    """

    message: Message
    source: str
    seq: int
    part: int
    concern: str = ""
    once: str = ""


class _Words(NamedTuple):
    kind: AlertKind
    title: str
    lines: tuple[str, ...] = ()
    severity: Severity | None = None
    concern: str = ""
    once: bool = True


def identity(source: str, seq: int, part: int = 0) -> str:
    """Return a message's id: the first eight digits of its journal's, and its row."""
    return f"{source[:8]}-{seq}" + (f".{part + 1}" if part else "")


def told(source: str, kind: str, body: bytes) -> list[Telling]:
    """Return what is told of a row of journal `source`: `body` is the row as the stream tells it."""
    if kind not in KINDS or (kind in SILENT and SILENT[kind] in body):
        return []
    event = _decode(body)
    return [_message(source, event, part, each) for part, each in enumerate(_said(event))]


def _message(source: str, event: StreamEvent, part: int, words: _Words) -> Telling:
    severity = words.severity or BY_KIND[words.kind].severity
    message = Message(
        id=identity(source, event.seq, part),
        at=event.at,
        kind=words.kind,
        severity=severity,
        agent=event.agent,
        title=words.title,
        lines=words.lines,
        acknowledgeable=bool(words.concern),
        runbook=runbook(words.kind) if severity is not Severity.INFO else "",
    )
    once = f"{words.kind}/{event.agent}/{words.title}" if words.once else ""
    return Telling(message, source, event.seq, part, words.concern, once)


def _said(event: StreamEvent) -> Iterator[_Words]:
    body = event.body
    match body:
        case SessionBody():
            yield from _session(body)
        case ReportBody():
            yield from _report(body)
        case DecidedBody():
            for report in body.reports:
                yield from _report(report)
        case NoteBody():
            yield from _note(event.kind, body)


def _session(body: SessionBody) -> Iterator[_Words]:
    if body.reason is None:
        title = f"session {body.session} began: {body.mode}, {', '.join(body.symbols)}"
        yield _Words(AlertKind.SESSION, title, (f"version {body.version}",))
    elif not body.reason.startswith(FAULT):  # a fault halts the agent, which is told by itself
        yield _Words(AlertKind.SESSION, f"session {body.session} ended: {body.reason}")


def _report(report: ReportBody) -> Iterator[_Words]:
    status = OrderStatus(report.status)
    if status in DOUBTFUL:
        why = (report.reason,) if report.reason else ()
        title = f"order {report.client_id} of {report.symbol} is {report.status}"
        yield _Words(DOUBTFUL[status], title, why, concern=f"order/{report.client_id}")
    if report.fills:
        yield _fills(report)


def _fills(report: ReportBody) -> _Words:
    """Return the fills of one report as one message, each a line where there are several."""
    fills = [_fill(each) for each in report.fills]
    many = len(fills) > 1
    title = f"{len(fills)} fills of {report.symbol}" if many else fills[0]
    lines = (*(fills if many else ()), f"order {report.client_id} is {report.status}, cycle {report.cycle}")
    return _Words(AlertKind.FILL, title, lines, once=False)


def _fill(row: FillRow) -> str:
    side = "bought" if str(row.side).lower() == "buy" else "sold"
    return f"{side} {row.quantity} {row.symbol} at {row.price} (fee {row.fee})"


def _note(kind: str, body: NoteBody) -> Iterator[_Words]:
    match kind:
        case "kill_switch_set":
            active = bool(body.fields.get("active"))
            concern, severity = ("kill", None) if active else ("", Severity.INFO)
            yield _Words(AlertKind.KILL_SWITCH, body.text, severity=severity, concern=concern, once=False)
        case "advice_answered":
            title = f"an adviser's bill cannot be true: {body.fields.get('alarm')}"
            yield _Words(AlertKind.ADVICE_BUDGET, title, (body.text, "all that was reserved stays charged"))
        case "journaled_afterwards":
            yield _Words(AlertKind.DISK, "the journal could not be written for a while", (body.text,))
        case _:
            lines = (f"reason: {body.reason}",) if body.reason and body.reason not in body.text else ()
            yield _Words(AlertKind.SETTINGS_CHANGED, body.text, lines, once=False)
