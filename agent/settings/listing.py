"""Every setting of a session in a row of its own: its value, default, limits and meaning; no secret."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.settings.load import is_secret
from agent.settings.settings import Options

HIDDEN = "(secret, not shown)"
UNSET = "(not set)"
_SIGNS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below", "pattern": "of the form"}


class OneSetting(NamedTuple):
    """A setting by its dotted name, as JSON has it."""

    name: str
    value: Any
    default: Any
    secret: bool
    description: str | None
    limits: str | None


def listed(
    settings: Mapping[str, Any],
    model: type[BaseModel] = Options,
    before: str = "",
    unset: Collection[str] = (),
) -> Iterator[OneSetting]:
    """Yield every setting of a model with its value in `settings`, which are those the journal keeps.

    It keeps no secret, nor whether there was one: `unset` names those that are known not to be given.
    """
    for name, field in model.model_fields.items():
        inner, value = field.annotation, settings.get(name)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from listed(value if isinstance(value, Mapping) else {}, inner, f"{before}{name}.", unset)
        elif is_secret(field):
            given = f"{before}{name}" not in unset
            shown = HIDDEN if given else UNSET
            yield OneSetting(f"{before}{name}", shown, None, given, field.description, None)
        else:
            default = _plain(field)
            shown = settings.get(name, default)
            yield OneSetting(f"{before}{name}", shown, default, False, field.description, limits_of(field))


def limits_of(field: FieldInfo) -> str | None:
    """Return the bounds of a field in words, None where it has none."""
    parts = [
        f"{words} {getattr(each, sign)}"
        for each in field.metadata
        for sign, words in _SIGNS.items()
        if getattr(each, sign, None) is not None
    ]
    return ", ".join(parts) or None


def _plain(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, bool | int | float | str):
        return default
    if isinstance(default, list | tuple):
        return [each if isinstance(each, bool | int | float | str) else str(each) for each in default]
    return str(default) if not isinstance(default, dict) else default
