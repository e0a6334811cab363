"""The tools that read: the answers of the command line and of the API, from the same code."""

from collections.abc import Callable
from typing import Any

import anyio
import msgspec
from anyio import to_thread

from agent.account.client import AccountClient
from agent.mcp.tool_call import ToolCall
from domain.errors import LocalFault

READ_SECONDS = 60.0
"""A long journal that no checkpoint helps with is folded once, in the background; then it is quick."""


async def status(call: ToolCall) -> Any:
    """Return what the agent is doing, or how its last session ended."""
    return await _read(call, AccountClient.status)


async def positions(call: ToolCall) -> Any:
    """Return open positions."""
    return {"positions": await _read(call, AccountClient.positions)}


async def why(call: ToolCall) -> Any:
    """Return the explanation of a cycle."""
    return await _read(call, lambda client: client.why(call.arguments.cycle))


async def lessons(call: ToolCall) -> Any:
    """Return what was learned: every total, and the latest lessons."""
    report = await _read(call, AccountClient.lessons)
    return msgspec.structs.replace(report, lessons=report.lessons[-call.arguments.last :])


async def ledger(call: ToolCall) -> Any:
    """Return what advice cost, and the caps."""
    return await _read(call, AccountClient.spend)


async def forecasts(call: ToolCall) -> Any:
    """Return each voice's forecasts, and what they were worth."""
    return await _read(call, AccountClient.forecasts)


async def _read(call: ToolCall, of: Callable[[AccountClient], Any]) -> Any:
    """Read in a thread, one look at a time. Raises LocalFault for one that takes too long."""

    def look() -> Any:
        return of(AccountClient(call.served.home, call.journal))

    with anyio.move_on_after(READ_SECONDS):
        return await to_thread.run_sync(look, abandon_on_cancel=True, limiter=call.served.reading)
    raise LocalFault(f"it takes more than {READ_SECONDS:g} s: the journal is long; ask again in a minute")
