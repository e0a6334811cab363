"""The log: what an operator greps for, as JSON lines in HOME/agent.log, without secrets.

Cycles are in the journal; the log has what stands out: sessions, changes of source, failures,
orders, kills. Law: writing to it never raises and never stops anything, whatever has become of the file
or its disk. Its library is imported without the terminal's that it would draw in: nobody prints
its tracebacks, and an emergency stop need not wait for it.
"""

import importlib
import logging
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from agent.host.turnover import USUAL, Turnover
from domain.events import (
    AdviceAnswered,
    CycleDecided,
    CycleEnded,
    Event,
    JournaledAfterwards,
    JournalRestored,
    KillSwitchSet,
    OrderReported,
    ParametersSet,
    SessionEnded,
    SessionStarted,
    SettingsChanged,
)
from domain.order import Receipt


def _import_without(hidden: str) -> None:
    """Import the log's library as if `hidden` were not installed."""
    if hidden not in sys.modules:
        sys.modules[hidden] = None  # type: ignore[assignment]  # so the import system takes it for missing
        try:
            importlib.import_module("structlog")
        finally:
            del sys.modules[hidden]


@cache
def import_library() -> Any:
    """Return the log's library, imported when it is first used: a short command may write no line.

    Who trades imports it before anything else of its could be imported that does, and with it the terminal's.
    """
    _import_without("rich")
    import structlog  # noqa: PLC0415

    return structlog


NAME = "boyd"

_sources: dict[str, str] = {}
_muted: dict[str, str] = {}


_agents: dict[str, str] = {}
"""The agent that this process is, under ""; nothing where it is none."""

_about: ContextVar[str] = ContextVar("about", default="")


@contextmanager
def about(agent: str) -> Iterator[None]:
    """Have every line that is written within name this agent: a server carries out commands on many."""
    token = _about.set(agent)
    try:
        yield
    finally:
        _about.reset(token)


_going: dict[str, list[str]] = {}
"""The file of this process's log, and the secrets it hides."""


def also(home: Path, secrets: Iterable[str]) -> None:
    """Begin the log for a command; one that this process has already goes on, and hides these secrets too.

    A server that carries out a command on an account at rest keeps its own file.
    """
    for file, known in _going.items():
        if Path(file).parent == home:
            known.extend(text for text in secrets if text and text not in known)
            return
    start(home, secrets)


def start(
    home: Path,
    secrets: Iterable[str],
    file: str = "agent.log",
    agent: str = "",
    turnover: Turnover = USUAL,
) -> str | None:
    """Send the log to HOME/agent.log, which begins anew when it is full; return why it cannot be.

    Every line names `agent`, where the process is one: agents of a home share the file.

    A process that lives beside the agents has a file of its own: two cannot turn one over.
    """
    from agent.host.log_file import LogFile, unfit  # noqa: PLC0415  # of nobody who only reads

    path = home / file
    problem = unfit(path)
    handler: logging.Handler = logging.NullHandler()
    if problem is None:
        handler = LogFile(
            path, maxBytes=turnover.bytes, backupCount=turnover.files, errors="backslashreplace"
        )
        handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(NAME)
    for old in list(logger.handlers):
        logger.removeHandler(old)
        with suppress(OSError, ValueError):  # what it wrote to is gone already
            old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    _sources.clear()
    _muted.clear()
    _agents.clear()
    _agents[""] = agent
    hidden = [text for text in secrets if text]
    _going.clear()
    _going[str(path)] = hidden
    _configure(hidden)
    return problem


def _configure(secrets: list[str]) -> None:
    structlog = import_library()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _named,
            structlog.processors.format_exc_info,
            _Redact(secrets),
            structlog.processors.JSONRenderer(),
        ],
        # One logger for all rooms: one of their own would write to the error output.
        logger_factory=lambda *_names: logging.getLogger(NAME),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def ready() -> None:
    """Keep the log's library off standard output, where it would write to until it is told otherwise."""
    if not import_library().is_configured():
        logging.getLogger(NAME).addHandler(logging.NullHandler())
        _configure([])


def say(level: str, what: str, **fields: Any) -> None:
    """Write one line of a level to the log, if that can be done."""
    with suppress(Exception):
        ready()
        getattr(import_library().get_logger(NAME), level)(what, **fields)


def _named(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the agent a line is about, where it does not say so itself."""
    agent = _about.get() or _agents.get("")
    if agent:
        entry.setdefault("agent", agent)
    return entry


class _Redact:
    """Takes secrets out of every text, should one ever get this far."""

    def __init__(self, secrets: list[str]) -> None:
        self.secrets = secrets

    def __call__(
        self, _logger: Any, _method: str, entry: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        for name, value in entry.items():
            for secret in self.secrets:
                if isinstance(value, str) and secret in value:
                    entry[name] = str(entry[name]).replace(secret, "[redacted]")
        return entry


def record(event: Event) -> None:  # noqa: C901 -- one case an event
    """Log an event if it stands out."""
    match event:
        case SessionStarted():
            symbols = [each.symbol for each in event.instruments]
            code = event.code_version
            say("info", "session started", session=event.session, mode=event.mode, symbols=symbols, code=code)
        case SessionEnded():
            level = "error" if event.reason.startswith("fault") else "info"
            say(level, "session ended", session=event.session, reason=event.reason)
        case KillSwitchSet():
            say("warning", "kill switch", active=event.active, reason=event.reason, by=event.by)
        case JournaledAfterwards():
            say("warning", "journaled afterwards", events=event.count, why=event.why)
        case JournalRestored():
            say("warning", "journal restored", up_to=event.seq, source=event.source)
        case ParametersSet():
            say(
                "warning",
                "parameters",
                version=event.version,
                strategy=event.strategy,
                forced=event.forced,
                reason=event.reason,
                by=event.by,
            )
        case SettingsChanged():
            say(
                "warning",
                "settings changed",
                settings=event.given,
                before=event.before,
                looser=list(event.looser),
                reason=event.reason,
                by=event.by,
            )
        case AdviceAnswered() if event.alarm:
            say("warning", "advice's cost is in doubt", question=event.number, why=event.alarm)
        case OrderReported():
            _order("info", event.receipt)
        case CycleEnded() if event.error:
            error = event.error
            say(
                "error",
                "cycle failed",
                cycle=event.cycle_id,
                stage=error.stage,
                kind=error.kind,
                why=error.message,
            )
        case CycleDecided():
            _changes_of_source(event)
            _muted_voices(event)
            _odd_fills(event)


def _changes_of_source(event: CycleDecided) -> None:
    for observation in event.observations:
        if _sources.get(observation.symbol) != observation.source:
            _sources[observation.symbol] = observation.source
            reasons = {attempt.provider: attempt.reason for attempt in observation.attempts}
            say(
                "warning",
                "data source",
                symbol=observation.symbol,
                source=observation.source,
                not_served_by=reasons,
            )


def _muted_voices(event: CycleDecided) -> None:
    from reasoning.orientation import muted  # noqa: PLC0415  # not where only a line is logged

    for name, fault in muted(event.decisions).items():
        if _muted.get(name) != fault:
            _muted[name] = fault
            say("error", "voice muted", strategy=name, why=fault)


def _odd_fills(event: CycleDecided) -> None:
    for receipt in event.updates:
        if receipt.fills and receipt.reason:
            _order("warning", receipt)


def _order(level: str, receipt: Receipt) -> None:
    name, symbol = receipt.client_id, receipt.symbol
    say(level, "order", id=name, symbol=symbol, status=receipt.status, reason=receipt.reason)
