"""Connections of requests that show their socket to whoever may want to cut them.

Importing this costs requests (about 150 ms): only where a request is made.
"""

import socket
from collections.abc import Callable
from typing import Any, Protocol

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager


class Holder(Protocol):
    """Takes a socket that is in use from now on; what it raises ends the request before more is sent."""

    def hold(self, connected: Any, /) -> None:
        """Remember the socket."""
        ...


def cuttable(current: Callable[[], Holder | None]) -> type[HTTPAdapter]:
    """Return an adapter whose connections show their socket to `current()`, asked in the thread that sends.

    A socket is shown when it is connected, TLS included (the connect timeout bounds the handshake), and again
    before a kept connection is used. With or without a proxy; nothing is sent twice.
    """

    def show(connected: socket.socket | None) -> None:
        holder = current()
        if holder is not None and connected is not None:
            holder.hold(connected)

    class Shown(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            show(self.sock)

        def request(self, *arguments: Any, **options: Any) -> None:
            show(self.sock)
            super().request(*arguments, **options)

    class ShownTls(Shown, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Shown

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = ShownTls

    def shown(manager: PoolManager) -> PoolManager:
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        return manager

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            shown(self.poolmanager)

        def proxy_manager_for(self, *arguments: Any, **options: Any) -> PoolManager:
            return shown(super().proxy_manager_for(*arguments, **options))

    return Adapter
