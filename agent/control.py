"""The control port: how a command in another terminal talks to a running agent.

Loopback only, one JSON line in, one JSON line out. The token lies beside the journal in a file of
mode 0600, so only the account's own user can speak; it is compared in constant time. The port is
not the HTTP API: it exists because another process must not open a running agent's database.
"""

import hmac
import json
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from agent.inbox import NotRunning
from domain.errors import BadInput, BoydError, LocalFault

LINE_LIMIT = 65_536
SECONDS = 30.0


class NotListening(LocalFault):
    """No agent answers at the control port."""


Handler = Callable[[Mapping[str, Any]], Any]


class ControlServer:
    """Serves commands on a free loopback port until closed."""

    def __init__(self, file: Path, commands: Mapping[str, Handler]) -> None:
        self.file = file
        self.token = secrets.token_urlsafe(32)
        self.commands = commands
        owner = self

        class Request(socketserver.StreamRequestHandler):
            timeout = 5.0

            def handle(self) -> None:
                line = self.rfile.readline(LINE_LIMIT)
                self.wfile.write(json.dumps(owner.answer(line)).encode() + b"\n")

        self._server = _Server(("127.0.0.1", 0), Request)
        self._thread = threading.Thread(target=self._server.serve_forever, name="boyd-control", daemon=True)

    def start(self) -> None:
        """Begin to listen and write the file that tells where."""
        self._thread.start()
        told = {"pid": os.getpid(), "port": self._server.server_address[1], "token": self.token}
        self.file.unlink(missing_ok=True)
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(told, out)

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one request line."""
        try:
            request = json.loads(line)
            token = str(request["token"])
            if not hmac.compare_digest(token.encode(), self.token.encode()):
                return {"error": "wrong token"}
            command = self.commands.get(request["do"])
            if command is None:
                return {"error": f"unknown command {request['do']!r}"}
            return {"result": command(request)}
        except NotRunning as error:
            return {"gone": str(error)}
        except BoydError as error:
            return {"error": str(error)}
        except (ValueError, KeyError, TypeError) as error:
            return {"error": f"request cannot be read: {type(error).__name__}"}

    def close(self) -> None:
        """Stop listening and remove the file."""
        self.file.unlink(missing_ok=True)
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Drop a connection that broke: it is the other side's loss, and no reason to print a traceback."""


def ask(file: Path, do: str, **arguments: Any) -> Any:
    """Ask the agent that wrote `file` to do something and return its answer.

    Raises NotListening when nobody is there, BadInput with the agent's own words when it refuses.
    """
    try:
        told = json.loads(file.read_text())
        request = {"do": do, "token": told["token"], **arguments}
        with socket.create_connection(("127.0.0.1", told["port"]), SECONDS) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answer:
                reply = json.loads(answer.readline())
    except (OSError, ValueError, KeyError) as error:
        raise NotListening(f"no agent answers: {type(error).__name__}") from None
    if "gone" in reply:
        raise NotListening(reply["gone"])
    if "error" in reply:
        raise BadInput(reply["error"])
    return reply["result"]
