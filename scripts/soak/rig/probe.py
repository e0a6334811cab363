"""Asking a running agent from another process, as an operator would, and timing the answer."""

import json
import time
from pathlib import Path
from typing import Any, NamedTuple

from agent.account.asking import ask as ask_port
from agent.account.requests import NotListening, Silent, StatusRequest
from agent.settings.home import Home
from domain.errors import BadInput
from scripts.soak.rig.process import Told, ask

COMMAND = ("status", "--json")


class Probe(NamedTuple):
    """One question from outside, `at` seconds into the run.

    `port_seconds` took the control socket's answer, `command_seconds` the whole `agent status --json`
    with the start of its process. `problem` is "" for a good answer.
    """

    at: float
    phase: str
    port_seconds: float
    command_seconds: float
    problem: str
    trades: int = 0
    breaker: str = ""


def probe(home: Path, journal: str, key: str, at: float, phase: str) -> Probe:
    """Ask the control socket, then the command. Never raises: what goes wrong is the probe's problem."""
    began = time.monotonic()
    problem = ""
    try:
        ask_port(Home(home).control(journal), StatusRequest())
    except (NotListening, Silent, BadInput) as error:
        problem = f"control socket: {error}"
    port_seconds = time.monotonic() - began
    told = ask(home, *COMMAND)
    status = _status(told)
    if not problem:
        problem = _wrong(told, status, key)
    return Probe(
        at,
        phase,
        port_seconds,
        told.seconds,
        problem,
        trades=int(status.get("account", {}).get("trades", 0)),
        breaker=str(status.get("breakers", {}).get("binance", "")),
    )


def _status(told: Told) -> dict[str, Any]:
    try:
        status = json.loads(told.out)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _wrong(told: Told, status: dict[str, Any], key: str) -> str:
    """Return what is wrong with an answer, or ""."""
    if told.code != 0:
        return f"exit code {told.code}: {told.err.strip()[:200]}"
    if not status.get("running"):
        return "says that no agent is running"
    if key.lower() in (told.out + told.err).lower():
        return "shows the key"
    return ""
