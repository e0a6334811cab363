"""The one place that knows every concrete class: options in, a session and its market out."""

from agent.outage.at_rest import guarded, open_account
from agent.state.key import one_way_cost_ppm
from agent.wiring.advisers import seat_advisers
from agent.wiring.listing import live_grids
from agent.wiring.markets import (
    MarketSource,
    market,
    market_of_candles,
    pacer,
    pause_seconds,
    quotes,
    recorded,
    schedule_of,
    unreachable,
)
from agent.wiring.sessions import (
    Parts,
    PolicyInForce,
    counted_alike,
    exchange,
    held,
    options_in_force,
    paper_platform,
    parts,
    parts_of,
    policy_of,
    refuse_stale,
    session,
)

__all__ = [
    "MarketSource",
    "Parts",
    "PolicyInForce",
    "counted_alike",
    "exchange",
    "guarded",
    "held",
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
    "session",
    "unreachable",
]
