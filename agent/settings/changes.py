"""Settings that may change while an agent runs: a closed list, checked as settings are.

They are read anew in every cycle and nothing is built from them: the limits and the sizing of entries, of
all pairs and of single ones, and the pause between cycles. An exit asks none of them. Why the others may not
is said beside each.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agent.settings import pairs
from agent.settings.folding import FoldSettings, GivenT
from agent.settings.measures import allowed
from agent.settings.nearest import no_such
from agent.settings.pairs import PAIRS, Base, PairSettings, checked, own_setting, too_loose
from agent.settings.problems import BadSettings
from risk.settings import RiskSettings, SizingSettings

if TYPE_CHECKING:  # who tells of a journal needs few of them
    from agent.settings.settings import Options

SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType({"risk": RiskSettings, "sizing": SizingSettings})
INTERVAL = "interval_seconds"

FIXED: Mapping[str, str] = MappingProxyType(
    {
        "mode": "another mode is another account",
        "home": "the journal lies there",
        "symbols": "an account's grids, candles and strategies begin with the session",
        "timeframe": "the strategies' memory is of candles of one length",
        "provider": "the market is opened with the session",
        "data": "the market is opened with the session",
        "schedule": "cycles go by it from the session's start to its end",
        "schedule_zone": "cycles go by it from the session's start to its end",
        "speed": "the market is opened with the session",
        "cycles": "ask for a stop instead: agent stop",
        "journal": "another journal is another account",
        "db_url": "the journal lies there",
        "strategies_folder": "strategies are loaded with the session",
        "reasoning": "parameters have versions and evidence of their own: agent params apply",
        "learning": "what was learned is folded with it from the first row on",
        "paper": "the paper exchange and the account are counted with it",
        "exchange": "another exchange is another account",
        "account": "another account is another journal",
        "instruments": "what is held is counted in these grids",
        "pairs": "of a pair only risk and sizing change, its strategies begin with the session",
    }
)
"""Why a setting stays as it is; of those that are not named, because the session is built from it."""

BUILT = "the session is built from it"
EMPTY = PairSettings()


class SettingDifference(NamedTuple):
    """A setting that is another: its values before and after as JSON has them, and which allows more."""

    name: str
    before: Any
    value: Any
    looser: bool
    tighter: bool


def changeable(symbols: Iterable[str] = ()) -> list[str]:
    """Return the dotted names of all settings that may change while an agent runs, of these symbols too."""
    names = [f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields]
    own = [f"{section}.{name}" for section in SECTIONS for name in pairs.changeable(section)]
    return [*names, INTERVAL, *(f"{PAIRS}.{symbol}.{name}" for symbol in symbols for name in own)]


def _may(options: FoldSettings, name: str) -> bool:
    own = own_setting(name)
    return name in changeable() if own is None else own.symbol in options.symbols


def changed(options: GivenT, given: Mapping[str, Any]) -> GivenT:
    """Return options with values under dotted names.

    Raises BadSettings with every problem: field, value and limit; or why one may not change.
    """
    problems = [_refusal(name, options) for name in given if not _may(options, name)]
    update: dict[str, Any] = {}
    for section, model in SECTIONS.items():
        wanted = {name.partition(".")[2]: each for name, each in given.items() if _of(name, section)}
        if wanted:
            try:
                update[section] = model.model_validate(_plain(getattr(options, section)) | wanted)
            except ValidationError as error:
                problems += [_problem({**each, "loc": (section, *each["loc"])}) for each in error.errors()]
    if INTERVAL in given:
        try:
            update[INTERVAL] = _interval().validate_python(given[INTERVAL])
        except ValidationError as error:
            problems += [_problem({**each, "loc": (INTERVAL, *each["loc"])}) for each in error.errors()]
    if problems:
        raise BadSettings(problems)
    return _with_pairs(options.model_copy(update=update), given)


def _with_pairs(options: GivenT, given: Mapping[str, Any]) -> GivenT:
    """Return options with settings of single pairs under dotted names, None for none of its own.

    Raises BadSettings as `changed` does. A limit that allows more than that of all pairs is no problem here,
    for the tighter counts: that of all may have been tightened since.
    """
    wanted = [(own, value) for name, value in given.items() if (own := own_setting(name))]
    if not wanted:
        return options
    sections = {symbol: pair.model_dump() for symbol, pair in options.pairs.items()}
    for (symbol, section, field), value in wanted:
        named = sections.setdefault(symbol, {}).setdefault(section, {})
        named.pop(field, None)
        if value is not None:
            named[field] = value
    base = Base(options.risk, options.sizing, options.reasoning)
    try:
        kept = checked(
            {symbol: PairSettings(**each) for symbol, each in sections.items()}, base, tighter=False
        )
    except ValidationError as error:
        raise _refused(error) from None
    return options.model_copy(update={PAIRS: {name: each for name, each in kept.items() if each != EMPTY}})


def refuse_loose_pairs(options: FoldSettings, given: Mapping[str, Any]) -> None:
    """Raise BadSettings where a limit of a pair among `given` allows more than that of all pairs."""
    own = [
        (each, value) for name, value in given.items() if (each := own_setting(name)) and value is not None
    ]
    loose = [
        problem
        for (symbol, section, field), value in own
        if section == "risk"
        for problem in too_loose(symbol, {field: value}, options.risk)
    ]
    if loose:
        raise _refused(ValidationError.from_exception_data(PAIRS, loose))


def _refused(error: ValidationError) -> BadSettings:
    return BadSettings([_problem({**each, "loc": (PAIRS, *each["loc"])}) for each in error.errors()])


@cache
def _interval() -> TypeAdapter[float]:
    from agent.settings.settings import Options  # noqa: PLC0415  # all settings, of which this is one

    return TypeAdapter(Annotated[float, Options.model_fields[INTERVAL]])


def _problem(error: ErrorDetails) -> str:
    from agent.settings.load import problem  # noqa: PLC0415  # the sections of a home, which no session has

    return problem(error)


def _of(name: str, section: str) -> bool:
    return name.startswith(f"{section}.") and name in changeable()


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json")


def _refusal(name: str, options: FoldSettings) -> str:
    from agent.settings.settings import Options  # noqa: PLC0415  # all settings, to tell which was meant

    top = name.partition(".")[0]
    own = own_setting(name)
    if own is not None:
        return f"{name[:80]}: {own.symbol[:40]} is not traded here, {', '.join(options.symbols)} is"
    if top not in Options.model_fields or top in SECTIONS:
        return f"{name[:80]}: {no_such(name[:80], Options)}"
    why = FIXED.get(top, BUILT)
    return (
        f"{name[:80]} does not change while an agent runs: {why}. What does: risk.*, sizing.* and {INTERVAL}"
    )


def value_of(options: "Options", name: str) -> Any:
    """Return a changeable setting's value as JSON has it. Raises BadSettings for another name."""
    if not _may(options, name):
        raise BadSettings([_refusal(name, options)])
    own = own_setting(name)
    if own is not None:
        pair = options.pairs.get(own.symbol)
        return getattr(pair, own.section).get(own.field) if pair else None
    section, _, field = name.partition(".")
    value = getattr(options, section)
    return _plain(value)[field] if field else value


def differences(before: "Options", after: "Options") -> list[SettingDifference]:
    """Return every changeable setting that two options have otherwise."""
    report = []
    for name in changeable(after.symbols):
        old, new = value_of(before, name), value_of(after, name)
        if old != new:
            more, less = allowed(name, after), allowed(name, before)
            looser = any(new_one > old_one for new_one, old_one in zip(more, less, strict=True))
            report.append(SettingDifference(name, old, new, looser, not looser and more != less))
    return report
