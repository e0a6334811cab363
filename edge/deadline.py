"""A deadline over a whole exchange: what dribbles a byte now and then is cut as what says nothing is.

A timeout of a socket is one of each read. This is for libraries of the standard one that open their sockets
themselves: their TLS, and its handshake too, shows the socket to whoever holds it.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from edge.sockets import HeldSocket


@contextmanager
def held_for(seconds: float) -> Iterator[HeldSocket]:
    """Yield what the sockets of an exchange are shown to; after so long the one in use is cut."""
    held = HeldSocket()
    timer = threading.Timer(seconds, held.cut)
    timer.daemon = True
    timer.start()
    try:
        yield held
    finally:
        timer.cancel()


def tls_of(held: HeldSocket) -> ssl.SSLContext:
    """Return an ordinary context for TLS whose sockets are held from before their handshake on.

    Wrapping empties the socket that was held until then: to cut that one would cut nothing.
    """

    class HeldTls(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002  # as the library has it
            held.hold(self)
            super().do_handshake(block)

    context = ssl.create_default_context()
    context.sslsocket_class = HeldTls
    return context
