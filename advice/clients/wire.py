"""The wire: one request, sent once, cut at its deadline. Bytes out, bytes in.

Each question has a connection and an event loop of its own, in the thread that asks: nothing is kept open,
nothing is sent again, no redirect is followed and no proxy of the environment is asked. `asyncio.timeout`
bounds all of it, a server that drips a byte at a time included, and closes the socket.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache

import httpx2

from domain.advice import AdviserAnswer

MOST_BYTES = 64 * 1024


@cache
def _tls() -> ssl.SSLContext:
    """Return the one context of this process: it takes longer to make than a request."""
    return ssl.create_default_context()


class HttpAdviser:
    """A model behind an HTTP API. Satisfies the port of advisers."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = {"content-type": "application/json", "accept-encoding": "identity", **headers}

    def ask(self, question: bytes, seconds: float) -> AdviserAnswer:
        """Send a question's body, once, and return what came back within `seconds`; never raises."""
        try:
            return asyncio.run(self._asked(question, seconds))
        except TimeoutError:
            return AdviserAnswer(fault=f"no answer within {seconds:.3g} s")
        except (httpx2.ConnectError, httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            return AdviserAnswer(fault=f"not reached: {type(error).__name__}", sent=False)
        except Exception as error:  # noqa: BLE001 -- its text may hold an address or a header: the kind says enough
            return AdviserAnswer(fault=f"broken off: {type(error).__name__}")

    async def _asked(self, question: bytes, seconds: float) -> AdviserAnswer:
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(verify=_tls(), trust_env=False, timeout=None) as client,
            client.stream("POST", self._url, content=question, headers=self._headers) as response,
        ):
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    long = f"the answer is longer than {MOST_BYTES} bytes"
                    return AdviserAnswer(response.status_code, bytes(body[:MOST_BYTES]), long)
            return AdviserAnswer(response.status_code, bytes(body))
