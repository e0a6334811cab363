"""A home with a session and candles, and the library's own client of the real command in a process."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import mcp_types as wire
import msgspec
import psutil
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.agent.command import AGENT, agent, environment

CYCLES = 30
NAME = "desk assistant"


class Assistant(NamedTuple):
    """A client with its answers at hand, from a thread without a loop."""

    portal: BlockingPortal
    client: Client

    def tools(self) -> dict[str, wire.Tool]:
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def call(self, tool: str, **arguments: Any) -> wire.CallToolResult:
        result = self.portal.call(self.client.call_tool, tool, arguments)
        assert isinstance(result, wire.CallToolResult)
        return result

    def told(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return what a tool answers; its text is the same."""
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        assert msgspec.json.decode(text_of(result)) == result.structured_content
        return dict(result.structured_content)

    def refused(self, tool: str, **arguments: Any) -> str:
        """Return why a tool refuses."""
        result = self.call(tool, **arguments)
        assert result.is_error, result.content
        return text_of(result)


def text_of(result: wire.CallToolResult) -> str:
    [part] = result.content
    assert isinstance(part, wire.TextContent)
    return part.text


def make_home(home: Path) -> None:
    """Leave a short session in a home, and candles in its catalogue."""
    run = ("run", "--provider", "simulated", "--cycles", str(CYCLES), "--speed", "max", "--plain")
    agent(home, *run)
    agent(home, "data", "import", "fixtures/quicktest.csv", "--symbol", "BTC-USDT")


@contextmanager
def assistant(home: Path, *words: str) -> Iterator[Assistant]:
    """Start `agent mcp` as an assistant's program does, and be its client."""
    started = StdioServerParameters(command=str(AGENT), args=["mcp", *words], env=environment(home))
    with start_blocking_portal() as portal, suppress(BaseExceptionGroup):  # one that was killed says so
        client = Client(stdio_client(started), client_info=wire.Implementation(name=NAME, version="1"))
        with portal.wrap_async_context_manager(client) as opened:
            yield Assistant(portal, opened)


def servers() -> list[psutil.Process]:
    """Return the running `agent mcp` of this process."""
    return [each for each in psutil.Process().children() if "mcp" in each.cmdline()]
