"""The sandbox exchange on a socket of loopback, in a thread of its own."""

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import uvicorn

from domain.errors import BadInput
from domain.ports import Clock
from domain.times import millis
from platforms.sandbox.exchange.exchange import Exchange
from platforms.sandbox.loopback import HOST, MOST_BYTES
from platforms.sandbox.server.app import SandboxApp
from platforms.sandbox.server.options import SandboxOptions, venue_of

START_SECONDS = 10.0


class SandboxServer:
    """A sandbox exchange that listens between `__enter__` and `__exit__`.

        with SandboxServer(SystemClock(), SandboxOptions(prices={"BTC-USDT": "100"})) as server:
            client.API_URL = server.base_url + "/api"
            server.exchange.set_price("BTCUSDT", "101")

    `port` 0 takes a free one. `exchange` may be used from any thread. Raises BadInput for options that
    cannot be, or a port that is taken.
    """

    def __init__(self, clock: Clock, options: SandboxOptions | None = None, port: int = 0) -> None:
        try:
            self.venue = venue_of(options or SandboxOptions(), millis(clock.now()))
        except ValueError as error:
            raise BadInput(str(error)) from error
        self.app = SandboxApp(self.venue, clock, (options or SandboxOptions()).seed)
        self._port = port
        self._socket: socket.socket | None = None
        config = uvicorn.Config(
            self.app,
            http="h11",
            ws="websockets-sansio",
            ws_ping_timeout=60.0,
            ws_max_size=MOST_BYTES,
            lifespan="on",
            log_config=None,
            log_level="critical",  # it would complain about every answer that a fault cuts short
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="sandbox-exchange", daemon=True)

    @property
    def exchange(self) -> Exchange:
        """The exchange behind the wire."""
        return self.venue.exchange

    @property
    def port(self) -> int:
        """Port it listens on."""
        return int(self._bound().getsockname()[1])

    @property
    def base_url(self) -> str:
        """URL of REST, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """URL of the market streams, without a path: append `/ws/<stream>` or `/stream?streams=`."""
        return f"ws://{HOST}:{self.port}"

    @property
    def ws_api_url(self) -> str:
        """URL of the WebSocket API."""
        return f"ws://{HOST}:{self.port}/ws-api/v3"

    @property
    def alive(self) -> bool:
        """Tell whether it is serving."""
        return self._thread.is_alive()

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults in force, with how often each struck."""
        return self.app.plan.told()

    def load_faults(self, plan: Mapping[str, Any]) -> None:
        """Put a plan in force: `{"seed": 7, "fault": [{"kind": "drop", ...}]}`. Raises BadInput."""
        try:
            with self.exchange.lock:
                self.app.conductor.load(plan)
        except ValueError as error:
            raise BadInput(str(error)) from error

    def __enter__(self) -> Self:
        self._bound()
        self._thread.start()
        for _ in range(int(START_SECONDS / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            self._thread.join(0.01)
        if not self._server.started:
            raise BadInput(f"the sandbox did not start on port {self.port} within {START_SECONDS:g} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        if self._socket:
            self._socket.close()

    def _bound(self) -> socket.socket:
        if self._socket is None:
            # asyncio switches Nagle's delay off only where the protocol is spelled out.
            bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((HOST, self._port))
            except OSError as error:
                bound.close()
                raise BadInput(
                    f"port {self._port} cannot be used: {error.strerror}; 0 takes a free one"
                ) from error
            self._socket = bound
        return self._socket

    def _serve(self) -> None:
        self._server.run(sockets=[self._bound()])
