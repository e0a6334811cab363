"""Settings that may change while an agent runs: a closed list, checked as settings are.

They are read anew in every cycle and nothing is built from them: the limits and the sizing of entries, and
the pause between cycles. An exit asks none of them. Why the others may not is said beside each.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from agent.settings.nearest import no_such
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from risk.amounts import Bound, read
from risk.settings import RiskSettings, SizingSettings

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
    }
)
"""Why a setting stays as it is; of those that are not named, because the session is built from it."""

BUILT = "the session is built from it"

_interval: TypeAdapter[float] = TypeAdapter(Annotated[float, Options.model_fields[INTERVAL]])


class SettingDifference(NamedTuple):
    """A setting that is another: its values before and after as JSON has them, and which allows more."""

    name: str
    before: Any
    value: Any
    looser: bool
    tighter: bool


def changeable() -> list[str]:
    """Return the dotted names of all settings that may change while an agent runs."""
    return [f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields] + [
        INTERVAL
    ]


def changed(options: Options, given: Mapping[str, Any]) -> Options:
    """Return options with values under dotted names.

    Raises BadSettings with every problem: field, value and limit; or why one may not change.
    """
    problems = [_refusal(name) for name in given if name not in changeable()]
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
            update[INTERVAL] = _interval.validate_python(given[INTERVAL])
        except ValidationError as error:
            problems += [_problem({**each, "loc": (INTERVAL, *each["loc"])}) for each in error.errors()]
    if problems:
        raise BadSettings(problems)
    return options.model_copy(update=update)


def _problem(error: ErrorDetails) -> str:
    from agent.settings.load import problem  # noqa: PLC0415  # the sections of a home, which no session has

    return problem(error)


def _of(name: str, section: str) -> bool:
    return name.startswith(f"{section}.") and name in changeable()


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json")


def _refusal(name: str) -> str:
    top = name.partition(".")[0]
    if top not in Options.model_fields or top in SECTIONS:
        return f"{name[:80]}: {no_such(name[:80], Options)}"
    why = FIXED.get(top, BUILT)
    return (
        f"{name[:80]} does not change while an agent runs: {why}. What does: risk.*, sizing.* and {INTERVAL}"
    )


def value_of(options: Options, name: str) -> Any:
    """Return a changeable setting's value as JSON has it. Raises BadSettings for another name."""
    if name not in changeable():
        raise BadSettings([_refusal(name)])
    section, _, field = name.partition(".")
    value = getattr(options, section)
    return _plain(value)[field] if field else value


def differences(before: Options, after: Options) -> list[SettingDifference]:
    """Return every changeable setting that two options have otherwise."""
    report = []
    for name in changeable():
        old, new = value_of(before, name), value_of(after, name)
        if old != new:
            more, less = _allows(name, after), _allows(name, before)
            looser = any(new_one > old_one for new_one, old_one in zip(more, less, strict=True))
            report.append(SettingDifference(name, old, new, looser, not looser and more != less))
    return report


def _allows(name: str, options: Options) -> tuple[float, ...]:
    """Return numbers that grow with what a setting allows; none where it is no limit."""
    section, _, field = name.partition(".")
    measure = _MEASURES.get(name)
    return () if measure is None else measure(getattr(getattr(options, section), field))


def _up(value: Any) -> tuple[float, ...]:
    return (float(value),)


def _down(value: Any) -> tuple[float, ...]:
    return (-float(value),)


def _bound(value: Decimal | str) -> tuple[float, ...]:
    return _parts(read(value))


def _parts(bound: Bound) -> tuple[float, ...]:
    amount = inf if bound.amount is None else float(bound.amount)
    return amount, inf if bound.ppm is None else float(bound.ppm)


def _trail(value: Decimal) -> tuple[float, ...]:
    return (float(value) or inf,)  # without one a stop stays where it is


def _stake(value: Decimal | str | None) -> tuple[float, ...]:
    """Return what a stake allows; one instead of a share at risk, or the other way round, may allow more."""
    if value is None:
        return inf, -inf, -inf
    return (-inf, *((inf, inf) if value == "all" else _bound(value)))


def _method(value: str) -> tuple[float, ...]:
    return (1.0, 0.0) if value == "fixed" else (0.0, 1.0)


def _quantity(value: Decimal | None) -> tuple[float, ...]:
    return (0.0 if value is None else float(value),)


_MEASURES: Mapping[str, Callable[[Any], tuple[float, ...]]] = MappingProxyType(
    {
        "risk.max_data_age_minutes": _up,
        "risk.max_candle_age_timeframes": _up,
        "risk.daily_loss": _bound,
        "risk.max_drawdown": _up,
        "risk.class_drawdown": _up,
        "risk.per_trade_loss": _bound,
        "risk.max_positions": _up,
        "risk.cool_down_minutes": _down,
        "risk.max_trades_per_day": _up,
        "risk.total_exposure": _up,
        "risk.concentration": _up,
        "risk.min_confidence": _down,
        "risk.min_reward_risk": _down,
        "risk.loss_streak": _up,
        "risk.loss_streak_paper": _up,
        "risk.symbol_cool_down_minutes": _down,
        "risk.stop_guard_minutes": _down,
        "risk.stop_guard_stops": _up,
        "risk.low_profit_minutes": _down,
        "risk.low_profit_trades": _up,
        "risk.low_profit": _down,
        "risk.trailing_stop": _trail,
        "sizing.stake": _stake,
        "sizing.method": _method,
        "sizing.risk_per_trade": _up,
        "sizing.min_confidence": _down,
        "sizing.min_confidence_paper": _down,
        "sizing.fixed_quantity": _quantity,
    }
)
"""How much a limit allows, as numbers that are compared one by one: any that grows makes it looser."""
