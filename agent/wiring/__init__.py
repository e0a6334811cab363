"""The one place that knows every concrete class: options in, a session and its market out.

Each name is imported when it is used first, for who reads a journal needs its fold and no market; whoever
trades imports all of them before it begins.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.outage.at_rest import guarded, open_account
    from agent.state.key import one_way_cost_ppm
    from agent.wiring.advisers import seat_advisers
    from agent.wiring.folded import (
        Parts,
        PolicyInForce,
        counted_alike,
        options_in_force,
        parts,
        policy_of,
        refuse_stale,
    )
    from agent.wiring.listing import live_grids
    from agent.wiring.markets import MarketSource, market, market_of_candles, recorded
    from agent.wiring.pacing import pacer, pause_seconds, schedule_of
    from agent.wiring.pairs import exchange_pairs, seat_pairs
    from agent.wiring.providers import quotes, unreachable
    from agent.wiring.sessions import exchange, held, paper_platform, parts_of, session

_HOMES = {
    "agent.outage.at_rest": ("guarded", "open_account"),
    "agent.state.key": ("one_way_cost_ppm",),
    "agent.wiring.advisers": ("seat_advisers",),
    "agent.wiring.folded": (
        "Parts",
        "PolicyInForce",
        "counted_alike",
        "options_in_force",
        "parts",
        "policy_of",
        "refuse_stale",
    ),
    "agent.wiring.listing": ("live_grids",),
    "agent.wiring.markets": ("MarketSource", "market", "market_of_candles", "recorded"),
    "agent.wiring.pacing": ("pacer", "pause_seconds", "schedule_of"),
    "agent.wiring.pairs": ("exchange_pairs", "seat_pairs"),
    "agent.wiring.providers": ("quotes", "unreachable"),
    "agent.wiring.sessions": ("exchange", "held", "paper_platform", "parts_of", "session"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def import_all() -> None:
    """Import every name now: an exit waits for no file, and meets none of another version."""
    for names in _HOMES.values():
        for name in names:
            __getattr__(name)


__all__ = [
    "MarketSource",
    "Parts",
    "PolicyInForce",
    "counted_alike",
    "exchange",
    "exchange_pairs",
    "guarded",
    "held",
    "import_all",
    "live_grids",
    "market",
    "market_of_candles",
    "one_way_cost_ppm",
    "open_account",
    "options_in_force",
    "pacer",
    "paper_platform",
    "parts",
    "parts_of",
    "pause_seconds",
    "policy_of",
    "quotes",
    "recorded",
    "refuse_stale",
    "schedule_of",
    "seat_advisers",
    "seat_pairs",
    "session",
    "unreachable",
]
