"""The versions of parameters that voices speak with, as a status and an explanation tell them."""

from agent.answers.account import VersionInForce
from agent.state.state import State
from reasoning.minds import StrategyRunner


def view(state: State, mind: StrategyRunner) -> dict[str, VersionInForce]:
    """Return the version in force of each voice that has not the settings' own parameters."""
    with state.lock:
        active = state.in_force()
    return {
        name: VersionInForce(
            version=event.version,
            parameters=event.parameters,
            at=event.at,
            by=event.by,
            rolled_back_to=event.rolled_back_to,
        )
        for name, event in active.items()
        if name in mind.names
    }
