"""Floor 3: the loop, its wiring, settings and commands. `from agent import Agent, Settings`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.agent import Agent
    from agent.settings import Settings

__all__ = ["Agent", "Settings", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the two public classes when first asked for, so that `agent --help` stays fast."""
    if name == "Agent":
        from agent.agent import Agent

        return Agent
    if name == "Settings":
        from agent.settings import Settings

        return Settings
    raise AttributeError(f"module 'agent' has no attribute {name!r}")
