"""Every setting of a session in a row of its own: its value, default, limits and meaning; no secret."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.settings.load import is_secret
from agent.settings.pairs import PAIRS, own_setting
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
        if name == PAIRS and not before:
            yield from _of_pairs(value or {})
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from listed(value if isinstance(value, Mapping) else {}, inner, f"{before}{name}.", unset)
        elif is_secret(field):
            given = f"{before}{name}" not in unset
            shown = HIDDEN if given else UNSET
            yield OneSetting(f"{before}{name}", shown, None, given, field.description, None)
        else:
            default = _plain(field)
            shown = settings.get(name, default)
            yield OneSetting(f"{before}{name}", shown, default, False, field.description, limits_of(field))


def _of_pairs(pairs: Mapping[str, Any]) -> Iterator[OneSetting]:
    """Yield what single pairs have of their own, under `pairs.SYMBOL.` and the name of that of all."""
    for symbol, pair in pairs.items():
        own = {name: value for name, value in pair.items() if value}
        names = {f"{PAIRS}.{symbol}.{name}" for name in _names(own)}
        for each in listed(own, Options, f"{PAIRS}.{symbol}."):
            if each.name in names:
                yield each._replace(default=None)


def of_pair(name: str, value: Any) -> OneSetting:
    """Return a setting of a pair by its name, with the meaning and the limits of that of all pairs."""
    symbol, section, field = own_setting(name) or ("", "", "")
    (row,) = _of_pairs({symbol: {section: {field: value}}})
    return row


def _names(values: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and before + name != "reasoning.custom":
            yield from _names(value, f"{before}{name}.")
        else:
            yield before + name


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
