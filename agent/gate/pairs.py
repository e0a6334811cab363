"""Two paper accounts that trade the same candles in different ways, compared by pairs of returns.

A pair is what both earned in the same stretch of time, a day as a rule. It counts from when both were running
as they are now: whatever changes how one of them trades, another version of parameters, a model, a setting,
begins the test anew, for the pairs before belong to another question.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from agent.answers.gate import PairsAnswer, PairsSide
from agent.views.history import AccountHistory
from domain.errors import BadInput
from domain.events import AdviserSet, CycleDecided, ModelSet, ParametersSet, SessionStarted, SettingsChanged
from domain.ports import Records
from domain.times import TIMEFRAMES, millis, utc
from learning.sequential import LEAST, PairedTest, paired

ALIKE = ("mode", "symbols", "timeframe", "provider")
"""Settings without which two accounts do not see the same candles."""

BESIDE = frozenset({"journal", "home", "port", "cycles", "speed", "log_level"})
"""Settings that decide no trade."""

Changing = ParametersSet | ModelSet | AdviserSet | SettingsChanged
"""Events after which an account trades in another way."""

SILENT, OPEN, SHOWN = "silent", "open", "shown"


class PaperLife(NamedTuple):
    """One account: its settings, the returns of its stretches, since when it trades as it does, and why."""

    name: str
    settings: Mapping[str, Any]
    returns: dict[int, float]
    since: int
    why: str


def paper_life(name: str, journal: Records, every: int) -> PaperLife:
    """Return what a journal tells of an account, `every` a stretch in ms. Raises BadInput if not paper."""
    history, since, why, anew = AccountHistory(), 0, "", False
    settings: Mapping[str, Any] = {}
    for row in journal.rows():
        event = row.event
        history.take(event)
        if isinstance(event, SessionStarted):
            given = _bare(event.settings)
            if given != settings:
                why, anew = f"session {event.session} with these settings", True
            settings = given
        elif isinstance(event, Changing):
            why, anew = changed_by(event), True
        elif isinstance(event, CycleDecided) and anew:
            # Its time is the market's, which of recorded candles is not that of whoever changed something.
            since, anew = millis(event.at), False
    if settings.get("mode") != "paper":
        raise BadInput(
            f"journal {name} is of mode {settings.get('mode', 'none')}: only paper accounts compare"
        )
    returns = _returns(history, every)
    return PaperLife(name, settings, returns, since, why)


def changed_by(event: Changing) -> str:
    """Say what changed how an account trades."""
    match event:
        case ParametersSet():
            return f"version {event.version} of the parameters ({event.strategy})"
        case ModelSet():
            return f"set {event.version} of the models ({event.model})"
        case AdviserSet():
            return f"set {event.version} of the advisers ({event.adviser})"
        case SettingsChanged():
            return f"changed settings ({', '.join(event.given)})"


def _bare(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return the settings that decide trades by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if not before and name in BESIDE:
            continue
        if isinstance(value, Mapping):
            flat |= _bare(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def _returns(history: AccountHistory, every: int) -> dict[int, float]:
    """Return what each stretch earned, by its number, but for the newest, which may go on."""
    returns: dict[int, float] = {}
    before = history.opening
    rows = zip(history.times_ms, history.equity, strict=True)
    for number, part in groupby(rows, key=lambda row: row[0] // every):
        *_, (_, worth) = part
        returns[number] = worth / before - 1.0 if before > 0 else 0.0
        before = worth
    if returns:
        returns.pop(max(returns))
    return returns


def compared(first: PaperLife, second: PaperLife, every: str, alarm: float) -> PairsAnswer:
    """Return what the pairs of two accounts show. Raises BadInput where they do not see the same candles."""
    for name in ALIKE:
        if first.settings.get(name) != second.settings.get(name):
            raise BadInput(
                f"{first.name} has {name} {_words(first.settings.get(name))}, {second.name} has "
                f"{_words(second.settings.get(name))}: they do not trade the same candles"
            )
    length = TIMEFRAMES[every]
    latest = max(first, second, key=lambda each: each.since)
    begin = -(-latest.since // length)
    numbers = sorted(each for each in first.returns.keys() & second.returns.keys() if each >= begin)
    test = paired((first.returns[each] - second.returns[each] for each in numbers), alarm)
    return PairsAnswer(
        first=_side(first, numbers),
        second=_side(second, numbers),
        every=every,
        since=utc(begin * length),
        why_since=f"{latest.name}: {latest.why}",
        pairs=test.pairs,
        pairs_needed=LEAST,
        mean=test.mean,
        low=test.low,
        high=test.high,
        evidence=test.evidence,
        evidence_needed=1.0 / alarm,
        false_alarm=alarm,
        verdict=SILENT if test.pairs < LEAST else OPEN if test.decided_after is None else SHOWN,
        better=_better(test, first.name, second.name),
        decided_at=None
        if test.decided_after is None
        else utc((numbers[test.decided_after - 1] + 1) * length),
        differ=dict(_differences(first.settings, second.settings)),
    )


def _end(numbers: Sequence[int], test: PairedTest, length: int) -> datetime | None:
    if test.decided_after is None:
        return None
    return utc((numbers[test.decided_after - 1] + 1) * length)


def _side(life: PaperLife, numbers: Sequence[int]) -> PairsSide:
    returns = [life.returns[each] for each in numbers]
    grown = 1.0
    for each in returns:
        grown *= 1.0 + each
    return PairsSide(
        journal=life.name, earned=grown - 1.0, mean=sum(returns) / len(returns) if returns else None
    )


def _better(test: PairedTest, first: str, second: str) -> str | None:
    return None if not test.sign else first if test.sign > 0 else second


def _differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            yield name, [_words(first.get(name)), _words(second.get(name))]


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
