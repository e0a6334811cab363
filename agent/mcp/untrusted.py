"""Answers as an assistant gets them: every text that may come from outside is named so, cut, and only shows.

Headlines, a model's reasons, a venue's words and an operator's note may all be written to steer whoever reads
them. So each field that can hold free text is called `untrusted_...`, unless it stands in `OURS`: names and
words of our own. A field that somebody adds tomorrow is therefore untrusted until it is said not to be.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from advice.clean import cleaned

PREFIX = "untrusted_"
LONGEST, LONGEST_KEY = 300, 80
"""Characters of a text, and of a name, that are told."""

MOST_TEXTS = 20
"""Texts from outside in one field, the first ones."""

CUT = "... (cut)"

OURS = frozenset(
    {
        "AccountAnswer.quote", "AdviceAnswer.adviser", "AdviceAnswer.role", "AdviceAnswer.usd",
        "BacktestAnswer.code_version", "BacktestAnswer.fingerprints", "BacktestAnswer.notes",
        "BacktestAnswer.parameters", "BacktestAnswer.strategies", "BacktestAnswer.symbols",
        "BacktestAnswer.timeframe", "BacktestTrade.ending", "BacktestTrade.symbol", "CapRow.most",
        "CapRow.name", "CapRow.used", "ChainAnswer.head", "ChainAnswer.journal", "Change.rule",
        "ChangedSetting.own", "ChangedSetting.value", "Check.rule", "DecisionAnswer.regime",
        "DecisionRow.source", "DecisionRow.symbol", "DecisionRow.verdict", "Difference.event",
        "DifferenceAnswer.backtest", "DifferenceAnswer.loop", "DifferenceAnswer.what", "Explanation.limits",
        "Explanation.mode", "Explanation.outcome", "Explanation.path", "Failure.kind", "Failure.stage",
        "ForecastsAnswer.journal", "LessonRow.exit", "LessonRow.kind", "LessonRow.regime", "LessonRow.rule",
        "LessonRow.symbol", "LimitsAnswer.text", "MarketRow.breaker", "MarketRow.provider",
        "MarketRow.source", "MarketRow.symbol", "OpenPosition.symbol", "OrderAnswer.client_id",
        "OrderAnswer.what", "PositionAnswer.symbol", "Replayed.code", "Replayed.recorded_code",
        "RestingOrder.client_id", "Seen.breaker", "Seen.provider", "Seen.source", "SpendAnswer.day",
        "SpendAnswer.journal", "SpendRow.usd", "Status.breakers", "Status.journal", "Status.mode",
        "Status.outcome", "Status.problem", "Status.state", "Status.symbols", "Status.timeframe",
        "StoppedAnswer.rule", "StoppedAnswer.text", "SymbolAnswer.symbol", "VerdictAnswer.reason",
        "VerdictAnswer.sizing", "VersionInForce.parameters", "Voice.name", "VoiceForecasts.calibrator",
        "VoiceForecasts.evidence", "VoiceForecasts.identity", "VoiceForecasts.voice",
    }
)  # fmt: skip
"""Fields whose texts are words of ours: names that were checked, and sentences made of figures alone."""


def marked(value: Any) -> Any:
    """Return an answer as plain values, with the texts from outside in fields of their own names."""
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if isinstance(value, Mapping):
        return {cut(str(name), LONGEST_KEY): marked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [marked(each) for each in value]
    return msgspec.to_builtins(value)


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line that only shows, cut."""
    plain = cleaned(text, longest + 1)
    return plain if len(plain) <= longest else plain[:longest] + CUT


def _struct(value: msgspec.Struct) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for name, shown_as, outside in _fields(type(value)):
        held = getattr(value, name)
        if outside and not isinstance(held, int | float):
            report[f"{PREFIX}{shown_as}"] = _outside(held)
        else:
            report[shown_as] = marked(held)
    return report


def _outside(value: Any) -> Any:
    """Return what came from outside: texts cut, and no more of them than a few."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, Mapping):
        some = list(value.items())[:MOST_TEXTS]
        return {cut(str(name), LONGEST_KEY): _outside(each) for name, each in some}
    if isinstance(value, list | tuple):
        return [_outside(each) for each in value[:MOST_TEXTS]]
    return marked(value)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """Return each field's name, the name it is told under, and whether a text from outside may be in it."""
    plan = inspect.type_info(kind)
    assert isinstance(plan, inspect.StructType)  # noqa: S101 -- for mypy
    return tuple(
        (each.name, each.encode_name, free(each.type) and f"{kind.__name__}.{each.name}" not in OURS)
        for each in plan.fields
    )


def free(kind: inspect.Type) -> bool:
    """Say whether a type can hold a text that nothing bounds; structs within it speak for themselves."""
    match kind:
        case inspect.StrType():
            return kind.pattern is None
        case inspect.AnyType():
            return True
    return any(free(each) for each in _within(kind))


def _within(kind: inspect.Type) -> Iterable[inspect.Type]:
    """Return the types a value of a type may be made of."""
    match kind:
        case inspect.Metadata():
            return (kind.type,)
        case inspect.DictType():
            return (kind.value_type,)
        case inspect.UnionType():
            return kind.types
        case inspect.TupleType():
            return kind.item_types
        case inspect.CollectionType():
            return (kind.item_type,)
    return ()
