"""Bare positions: those that stand at the venue without the protection they were to have."""

from agent.state.state import State


def wanted(state: State, symbol: str) -> bool:
    """Say whether a position was to have a stop or a target."""
    approved = state.entries.get(symbol)
    return approved is not None and bool(approved.stop or approved.stop_ppm or approved.target)


def bare(state: State, symbol: str) -> bool:
    """Say whether a position that could be sold has no resting order, and was to have one."""
    held = state.ledger.positions.get(symbol)
    if held is None or not state.ledger.instruments[symbol].sendable(held.lots):
        return False
    return wanted(state, symbol) and not state.ledger.resting(symbol)
