"""Forecasts as they are told: grouped by voice, scored, with what so many of them prove."""

from collections import Counter
from collections.abc import Iterable, Sequence

from agent.answers.forecasts import AdviserRow, ForecastsAnswer, VoiceForecasts
from domain.events import AdviserSet
from domain.ports import Records
from learning.calibration import kind_for
from learning.forecasts import Forecast, ForecastFold, Resolved
from learning.promotion import FEW, WANTED
from learning.scores import scores

Who = tuple[str, str]
"""A voice and, of an adviser, its identity."""

SILENT = 100
"""Outcomes below which nothing is verdict of a skill."""


def folded(records: Records) -> ForecastFold:
    """Return the forecasts of a journal."""
    fold = ForecastFold()
    for row in records.rows():
        fold.apply(row.event)
    return fold


def of_journal(name: str, records: Records) -> ForecastsAnswer:
    """Return a journal's forecasts, scored."""
    fold = folded(records)
    waiting = [each for group in fold.open.values() for each in group]
    return answer(name, records.head()[0], fold.resolved, waiting)


def answer(name: str, seq: int, done: Iterable[Resolved], waiting: Iterable[Forecast]) -> ForecastsAnswer:
    """Return forecasts as an answer, voices by name; the same from a journal and from its mirror."""
    held: dict[Who, list[Resolved]] = {}
    for each in sorted(done, key=_place):
        held.setdefault(who(each.forecast), []).append(each)
    still = Counter(map(who, waiting))
    return ForecastsAnswer(
        journal=name,
        seq=seq,
        voices=[_row(each, held.get(each, ()), still[each]) for each in sorted({*held, *still})],
    )


def who(forecast: Forecast) -> Who:
    """Return whose a forecast is."""
    return forecast.voice, forecast.identity


def _place(done: Resolved) -> tuple[int, int, str]:
    return done.learned_at, done.forecast.cycle, done.forecast.symbol


def _row(whose: Who, done: Sequence[Resolved], still: int) -> VoiceForecasts:
    clean = [each for each in done if not each.forecast.retrospective]
    figures = scores(clean)
    return VoiceForecasts(
        voice=whose[0],
        identity=whose[1],
        open=still,
        retrospective=len(done) - len(clean),
        count=len(clean),
        trades=figures.trades if figures else 0,
        vetoes=figures.vetoes if figures else 0,
        won=figures.won if figures else 0,
        base_rate=figures.base_rate if figures else None,
        brier=figures.brier if figures else None,
        base_brier=figures.base_brier if figures else None,
        log_loss=figures.log_loss if figures else None,
        skill=figures.skill if figures else None,
        taken=figures.taken if figures else 0,
        mean_result=figures.mean_result if figures else None,
        held_back=figures.held_back if figures else 0,
        saved=figures.saved if figures else 0.0,
        calibrator=kind_for(len(clean)),
        evidence=_evidence(len(clean), figures.skill if figures else None),
        bins=list(figures.bins) if figures else [],
    )


def _evidence(count: int, skill: float | None) -> str:
    """Say what so many outcomes prove."""
    if count < SILENT or skill is None:
        return f"too few to tell: {count} outcomes of at least {SILENT}"
    verdict = "no skill" if skill <= 0.0 else "some skill, if it lasts"
    if count < FEW:
        return f"{verdict}; not enough evidence: {count} outcomes of {WANTED}"
    return f"{verdict}; {count} outcomes of the {WANTED} a promotion asks for"


def sets(events: Iterable[AdviserSet]) -> list[AdviserRow]:
    """Return promotions and demotions as they are told, oldest first."""
    known = list(events)
    latest = {each.adviser: each.version for each in known}
    return [
        AdviserRow(
            version=each.version,
            adviser=each.adviser,
            identity=each.identity,
            promoted=each.promoted,
            raise_cap=each.raise_cap,
            at=each.at,
            by=each.by,
            reason=each.reason,
            rolled_back_to=each.rolled_back_to,
            active=latest[each.adviser] == each.version,
        )
        for each in known
    ]
