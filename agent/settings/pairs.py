"""Settings of single pairs: `[pairs.BTC-USDT.risk]` and the like, each named as the one of all pairs is.

What a pair does not set itself is as for all. Of a limit the tighter of the two counts, so one that would
allow more is refused; sizes, parameters of strategies and the trailing stop are the pair's own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.symbols import spelled
from reasoning.settings import CUSTOM, ReasoningSettings, Values, below
from risk import pairs
from risk.settings import RiskSettings, SizingSettings

PAIRS = "pairs"
Place = tuple[str, ...]


class PairSettings(BaseModel):
    """The settings one pair has of its own, under the names of those of all pairs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk: dict[str, Any] = Field({}, description=f"limits of the pair: {', '.join(pairs.OWN)}")
    sizing: dict[str, Any] = Field({}, description="how its entries are sized")
    reasoning: dict[str, dict[str, Any]] = Field({}, description="parameters of its strategies")

    @field_validator("reasoning", mode="before")
    @classmethod
    def _parameters(cls, value: Any) -> Any:
        """Refuse by name what is of all pairs together, such as the strategies that speak."""
        given = value.items() if isinstance(value, Mapping) else ()
        problems = [
            _problem((name,), each, f"is one of all pairs together: set reasoning.{name}")
            for name, each in given
            if name in ReasoningSettings.model_fields and not isinstance(each, Mapping)
        ]
        if problems:
            raise ValidationError.from_exception_data(PAIRS, problems)
        return value


class Base(NamedTuple):
    """The settings of all pairs that those of one stand beside."""

    risk: RiskSettings
    sizing: SizingSettings
    reasoning: ReasoningSettings


class OwnSetting(NamedTuple):
    """A changeable setting of a pair, out of its dotted name."""

    symbol: str
    section: str
    field: str


def own_setting(name: str) -> OwnSetting | None:
    """Return which pair's limit or size a name such as `pairs.BTC-USDT.risk.concentration` is, else None.

    A share may have a point in its symbol.
    """
    parts = name.removeprefix(f"{PAIRS}.").rsplit(".", 2)
    if not name.startswith(f"{PAIRS}.") or len(parts) != len(OwnSetting._fields):
        return None
    own = OwnSetting(*parts)
    return own if own.field in changeable(own.section) else None


def changeable(section: str) -> Sequence[str]:
    """Return which settings of a section may change for a pair while an agent runs."""
    return {"risk": pairs.OWN, "sizing": tuple(SizingSettings.model_fields)}.get(section, ())


def refuse_others(given: Mapping[str, PairSettings], symbols: Collection[str]) -> None:
    """Raise ValueError for settings of a pair that is not among the symbols."""
    others = [symbol for symbol in given if symbol not in symbols]
    if others:
        raise ValueError(
            f"{PAIRS}.{others[0]}: {others[0]} is not traded here, {', '.join(symbols)} is; "
            "add it to symbols, or take its section out"
        )


def reasoning_for(base: ReasoningSettings, pair: PairSettings) -> ReasoningSettings:
    """Return the settings of reasoning with a pair's own parameters in the place of the same."""
    update: dict[str, Any] = {}
    for path, name, values in _strategies(pair.reasoning):
        if path[0] == CUSTOM:
            custom = update.setdefault(CUSTOM, dict(base.custom))
            custom[name] = {**custom.get(name, {}), **values}
        else:
            update[path[0]] = base.params(name, values)
    return base.model_copy(update=update)


def checked(
    given: Mapping[str, PairSettings], base: Base, *, tighter: bool = True
) -> dict[str, PairSettings]:
    """Return the pairs as they are kept: symbols spelled as ours, values as they were read.

    Raises ValidationError with every problem, each under the pair and the setting it is of; one that allows
    more than that of all pairs is a problem where they are to be `tighter`.
    """
    problems: list[InitErrorDetails] = []
    result = {}
    for name, pair in given.items():
        symbol = spelled(name)
        if symbol in result:
            problems.append(_problem((name,), symbol, f"{symbol} has two sections; write one"))
        problems += too_loose(name, pair.risk, base.risk) if tighter else []
        kept = {
            "risk": _risk(name, pair.risk, problems),
            "sizing": _sizing(name, pair.sizing, base.sizing, problems),
            "reasoning": _reasoning(name, pair.reasoning, base.reasoning, problems),
        }
        result[symbol] = PairSettings(**{section: each for section, each in kept.items() if each})
    if problems:
        raise ValidationError.from_exception_data(PAIRS, problems)
    return result


def too_loose(symbol: str, own: Mapping[str, Any], base: RiskSettings) -> list[InitErrorDetails]:
    """Return a problem for each of a pair's limits that allows more than that of all pairs."""
    try:
        names = pairs.looser(base, {name: value for name, value in own.items() if name in pairs.OWN})
    except ValidationError:
        return []
    return [
        _problem(
            (symbol, "risk", name),
            own[name],
            f"allows more than risk.{name}, {getattr(base, name)}: a pair's limit only tightens; "
            "tighten it, or leave it out",
        )
        for name in names
    ]


def _risk(symbol: str, own: Mapping[str, Any], problems: list[InitErrorDetails]) -> dict[str, Any]:
    known = {name: value for name, value in own.items() if name in pairs.OWN}
    for name in own.keys() & RiskSettings.model_fields.keys() - known.keys():
        why = f"is one of all pairs together: set risk.{name}. A pair's own are {', '.join(pairs.OWN)}"
        problems.append(_problem((symbol, "risk", name), own[name], why))
    known |= {name: own[name] for name in own.keys() - RiskSettings.model_fields.keys()}  # refused as unknown
    try:
        given = RiskSettings.model_validate(known)
    except ValidationError as error:
        problems += [below((symbol, "risk"), each) for each in error.errors()]
        return {}
    return given.model_dump(mode="json", include=set(known))


def _sizing(
    symbol: str, own: Mapping[str, Any], base: SizingSettings, problems: list[InitErrorDetails]
) -> dict[str, Any]:
    try:
        return pairs.sizing_for(base, own).model_dump(mode="json", include=set(own))
    except ValidationError as error:
        problems += [below((symbol, "sizing"), each) for each in error.errors()]
        return {}


def _reasoning(
    symbol: str,
    own: Mapping[str, Mapping[str, Any]],
    base: ReasoningSettings,
    problems: list[InitErrorDetails],
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for path, name, values in _strategies(own):
        at = (symbol, "reasoning", *path)
        if not base.holds(path):
            such = f"[{PAIRS}.{symbol}.reasoning.rsi]"
            why = f"is no strategy here; a pair may have parameters alone, such as {such}"
            problems.append(_problem(at, values, why))
            continue
        try:
            plain = base.params(name, values).model_dump(mode="json", include=set(values))
        except ValidationError as error:
            problems += [below(at, each) for each in error.errors()]
            continue
        branch = kept.setdefault(CUSTOM, {}) if path[0] == CUSTOM else kept
        branch[path[-1]] = plain
    return kept


def _strategies(own: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[Place, str, Mapping[str, Any]]]:
    """Yield the path of each strategy's parameters in a section, the strategy's name, and the parameters."""
    for field, values in own.items():
        if field != CUSTOM:
            yield (field,), field.replace("_", "-"), values
            continue
        for name, each in values.items():
            yield (CUSTOM, name), name, each


def flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a pair has of its own under dotted names."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def voices(given: Mapping[str, PairSettings]) -> dict[str, dict[str, Values]]:
    """Return the parameters pairs have of their own, by symbol and strategy; none for pairs without."""
    return {
        symbol: {name: dict(values) for _, name, values in _strategies(pair.reasoning)}
        for symbol, pair in given.items()
        if pair.reasoning
    }


def _problem(path: Place, value: object, why: str) -> InitErrorDetails:
    return {"type": PydanticCustomError("value_error", "{why}", {"why": why}), "loc": path, "input": value}
