"""The closed table of tools. What is not here an assistant cannot do."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from msgspec import Struct

from agent.mcp import reading, stopping, working
from agent.mcp.arguments import BacktestOf, KillOf, LatestOf, OfCycle, OfJournal, OfSession
from agent.mcp.tool_call import ToolCall


class Tool(NamedTuple):
    """A tool: its words for an assistant, the struct of its arguments, its work; `reads` alone or not."""

    title: str
    description: str
    arguments: type[Struct]
    work: Callable[[ToolCall], Awaitable[Any]]
    reads: bool = True


READING: dict[str, Tool] = {
    "status": Tool(
        "Status",
        "What the agent does, or how its last session ended: account, market, decisions, kill switch.",
        OfJournal,
        reading.status,
    ),
    "why": Tool(
        "Why",
        "Why a cycle came out as it did: what was seen, who voted how, each rule of the gate with what was "
        "measured and its limit, and what would have turned it.",
        OfCycle,
        reading.why,
    ),
    "positions": Tool(
        "Positions", "Open positions and the orders that protect them.", OfJournal, reading.positions
    ),
    "lessons": Tool(
        "Lessons",
        "What was learned: each voice's record and weight, what each vetoing rule saved or cost, totals, and "
        "the latest lessons.",
        LatestOf,
        reading.lessons,
    ),
    "ledger": Tool(
        "Ledger",
        "What advice of language models cost, in USD and tokens: today, this session, in all and by adviser; "
        "and how far the caps are.",
        OfJournal,
        reading.ledger,
    ),
    "forecasts": Tool(
        "Forecasts",
        "What each voice's confidence was worth: Brier score, log loss, skill over the base rate known then, "
        "and reliability by bins, from closed trades and watched vetoes.",
        OfJournal,
        reading.forecasts,
    ),
    "verify": Tool(
        "Verify a journal",
        "Check every row's hash and the chain that ties them; takes up to five minutes on a long journal.",
        OfJournal,
        working.verify,
    ),
    "replay": Tool(
        "Replay a session",
        "Run a recorded session's inputs through today's code and compare every decision; takes up to five "
        "minutes. No difference means: identical.",
        OfSession,
        working.replay,
    ),
    "backtest": Tool(
        "Backtest",
        "Run the loop's own rules over candles of the home's catalogue, with their costs, in bounded time. "
        "A result of one run proves nothing; trying many makes the best of them luck.",
        BacktestOf,
        working.backtest,
    ),
}

KILL = Tool(
    "Throw the kill switch",
    "Block every new entry of one account until the operator resets it; stops and exits go on. Needs a code "
    "that `agent kill --code` shows the operator on a terminal: used once, within five minutes, three tries. "
    "Nothing here takes it back.",
    KillOf,
    stopping.kill,
    reads=False,
)


def tools(*, allow_kill: bool) -> dict[str, Tool]:
    """Return the tools there are."""
    return READING | {"kill": KILL} if allow_kill else dict(READING)
