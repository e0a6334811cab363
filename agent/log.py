"""The log: what an operator greps for, as JSON lines in HOME/agent.log, without secrets.

Cycles are in the journal; the log has what stands out: sessions, changes of source, failures,
orders, kills.
"""

import logging
import logging.handlers
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import structlog

from domain.events import (
    CycleDecided,
    CycleEnded,
    Event,
    KillSwitchSet,
    OrderSettled,
    ParametersSet,
    SessionEnded,
    SessionStarted,
)

LIMIT_BYTES, FILES = 10_000_000, 3
NAME = "boyd"
_sources: dict[str, str] = {}


def start(home: Path, secrets: Iterable[str]) -> None:
    """Send the log to HOME/agent.log, at most three files of ten megabytes."""
    path = home / "agent.log"
    path.touch(mode=0o600)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LIMIT_BYTES, backupCount=FILES)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger(NAME)
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    _sources.clear()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _Redact([text for text in secrets if text]),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


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


def record(event: Event) -> None:
    """Log an event if it stands out."""
    logger = structlog.get_logger(NAME)
    match event:
        case SessionStarted():
            logger.info("session started", session=event.session, mode=event.mode, code=event.code_version)
        case SessionEnded():
            level = logger.error if event.reason.startswith("fault") else logger.info
            level("session ended", session=event.session, reason=event.reason)
        case KillSwitchSet():
            logger.warning("kill switch", active=event.active, reason=event.reason, by=event.by)
        case ParametersSet():
            logger.warning(
                "parameters",
                version=event.version,
                strategy=event.strategy,
                forced=event.forced,
                reason=event.reason,
                by=event.by,
            )
        case OrderSettled():
            receipt = event.receipt
            logger.info("order", id=receipt.client_id, status=receipt.status, reason=receipt.reason)
        case CycleEnded() if event.error:
            error = event.error
            logger.error(
                "cycle failed", cycle=event.cycle_id, stage=error.stage, kind=error.kind, why=error.message
            )
        case CycleDecided():
            _changes_of_source(event, logger)


def _changes_of_source(event: CycleDecided, logger: Any) -> None:
    for seen in event.observations:
        if _sources.get(seen.symbol) != seen.source:
            _sources[seen.symbol] = seen.source
            reasons = {attempt.provider: attempt.reason for attempt in seen.attempts}
            logger.warning("data source", symbol=seen.symbol, source=seen.source, not_served_by=reasons)
