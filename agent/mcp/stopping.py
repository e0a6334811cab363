"""The one tool that does something: a kill, which blocks entries and lets exits go.

Nothing here resets a kill, sells, changes parameters or settings, or places an order; no tool does.
"""

from typing import Any

from anyio import to_thread

import agent.account.opening  # noqa: F401  # a stop waits for no file, and meets none of another version
from agent.account.dispatch import dispatch
from agent.host import log
from agent.mcp.codes import KillCodes
from agent.mcp.tool_call import ToolCall
from agent.mcp.untrusted import cut
from domain.commands import Kill
from domain.errors import BoydError, LocalFault

BY = "mcp:"


async def kill(call: ToolCall) -> Any:
    """Throw the kill switch of the account that the code stands for; no look at a journal holds it up."""
    return await to_thread.run_sync(_kill, call)


def _kill(call: ToolCall) -> Any:
    served, by = call.served, f"{BY}{call.client}"
    try:
        name = KillCodes(served.home, served.clock).use(call.arguments.code)
    except BoydError as error:
        log.say("warning", "a kill was refused", by=by, why=str(error))
        raise
    log.say("warning", "a kill is asked for", by=by, agent=name)
    try:
        return dispatch(served.home, name, Kill(reason=cut(call.arguments.reason), by=by), served.clock)
    except BoydError as error:
        raise LocalFault(f"{error}. The code is used up; ask the operator: agent kill --reason ...") from None
