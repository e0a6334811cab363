"""Floor 3: the loop, its wiring, settings and commands. `from agent import Agent, Settings, backtest`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.account.agent import Agent
    from agent.frames import Backtest, Swept, WalkedForward
    from agent.notebook import backtest, sweep, walk_forward
    from agent.settings.given import Settings

    __version__: str

__all__ = [
    "Agent",
    "Backtest",
    "Settings",
    "Swept",
    "WalkedForward",
    "__version__",
    "backtest",
    "sweep",
    "walk_forward",
]

_NOTEBOOK = frozenset({"Backtest", "Swept", "WalkedForward", "backtest", "sweep", "walk_forward"})


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for, so that `agent --help` stays fast."""
    if name == "Agent":
        from agent.account.agent import Agent

        return Agent
    if name == "Settings":
        from agent.settings.given import Settings

        return Settings
    if name in _NOTEBOOK:
        from agent import notebook

        return getattr(notebook, name)
    if name == "__version__":
        from agent.settings.version import VERSION

        return VERSION
    raise AttributeError(f"module 'agent' has no attribute {name!r}")
