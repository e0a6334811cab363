"""The server over standard input and output: one client, which began this process and ends it."""

import signal

import anyio
from mcp.server.stdio import stdio_server

from agent.mcp.server import Toolbox


def serve_stdio(toolbox: Toolbox) -> None:
    """Serve until the client closes our input."""
    # A thread waits in a read that nothing interrupts: Ctrl-C has to end the process as a signal does.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    anyio.run(_serve, toolbox)


async def _serve(toolbox: Toolbox) -> None:
    server = toolbox.server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
