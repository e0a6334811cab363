"""Asking an agent at its control socket, and believing only one that holds the account."""

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from agent.account.address import Peer, address, peer_of, stopped
from agent.account.requests import NotListening, Request, Silent
from domain.errors import BadInput, EndUnknown, Unproven
from edge.strict_json import shallow

GREETING_SECONDS = 5.0
SECONDS = 30.0

_encoder = msgspec.json.Encoder()


def ask(path: Path, request: Request, *, owner: int | None = None) -> Any:
    """Ask the agent that listens at `path` something and return its answer as plain values.

    `owner` is the process that holds the account's lock, where it is known. Raises NotListening when
    nobody is there who can be believed, Silent when one is who does not answer, BadInput with the agent's
    own words when it refuses (EndUnknown where it was begun before and its end is not on record), Unproven
    when it is for want of evidence.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        peer = _connect(connection, path)
        if not peer.trusted or (owner is not None and peer.pid not in (None, owner)):
            raise NotListening("whoever listens there does not hold this account")
        if stopped(peer.pid):
            raise Silent("is stopped and does not answer", peer.pid)
        with connection.makefile("rb") as answers:
            _line(answers, peer, "does not answer")
            connection.settimeout(SECONDS)
            with suppress(OSError):  # its answer says more
                connection.sendall(_encoder.encode(request) + b"\n")
            reply = _line(answers, peer, f"has not answered in {SECONDS:g} s")
    if "gone" in reply:
        raise NotListening(reply["gone"])
    if "unproven" in reply:
        raise Unproven(reply["unproven"])
    if "error" in reply:
        raise (EndUnknown if reply.get("end_unknown") else BadInput)(reply["error"])
    return reply["result"]


def listens(path: Path) -> bool:
    """Say whether anybody listens at a socket; one that a crash left behind says at once that nobody does."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            _connect(connection, path)
        except NotListening:
            return False
        except Silent:  # so many wait there
            pass
        return True


def _connect(connection: socket.socket, path: Path) -> Peer:
    connection.settimeout(GREETING_SECONDS)
    try:
        with address(path) as where:
            connection.connect(where)
        return peer_of(connection)
    except (BlockingIOError, TimeoutError):  # so many wait that no more are let in
        raise Silent("does not answer", None) from None
    except OSError as error:
        raise NotListening(f"no agent answers: {error.strerror or error}") from None


def _line(answers: Any, peer: Peer, silence: str) -> dict[str, Any]:
    try:
        line = answers.readline()
        answer = json.loads(shallow(line))
    except TimeoutError:
        raise Silent(silence, peer.pid) from None
    except (OSError, ValueError):
        raise NotListening("no agent answers: it closed the connection") from None
    if not isinstance(answer, dict):
        raise NotListening("no agent answers: that is another program")
    return answer
