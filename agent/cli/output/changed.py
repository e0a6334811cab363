"""Changed settings as people read them."""

from typing import Any

from agent.answers.account import ChangedSetting


def changed_words(name: str, change: ChangedSetting) -> str:
    """Return a changed setting in a line: its value, what the settings say, who changed it when and why."""
    when = f"{change.at:%Y-%m-%dT%H:%M:%S}"
    own = value_words(change.own)
    return f"{name} {value_words(change.value)} (settings: {own}), {when} by {change.by}: {change.reason}"


def value_words(value: Any) -> str:
    """Return a setting's value as people set it."""
    return "(none)" if value is None else str(value)
