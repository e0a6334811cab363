"""Drift of the models a journal has in force: its own entries and lessons held against their training."""

from collections import deque
from collections.abc import Iterable, Iterator

from agent.answers.models import DriftRow
from agent.models.sets import in_force
from domain.advice import VOICE
from domain.candle import Candle
from domain.decision import Decision, Signal, Voice
from domain.events import CycleDecided, CycleEnded, Event, GridChanged, ModelSet
from domain.model import Model
from domain.ports import Records
from learning.drift import LEAST_ENTRIES, LEAST_OUTCOMES, MOST_SHIFT, behind, shifted
from reasoning.kernels.model import chance_of
from reasoning.kernels.model_inputs import LOOK_BACK
from reasoning.models import VOICE as NAME
from reasoning.models import inputs_of, unpacked

NOT_KEPT = frozenset({"stop_distance"})
"""Inputs a journal does not tell of entries that were held back."""


def drift_of(journal: Records, sets: list[ModelSet]) -> list[DriftRow]:
    """Return what speaks against each model in force, since it was set first."""
    return [_row(journal, event, unpacked(event)) for event in in_force(sets).values()]


def _row(journal: Records, event: ModelSet, model: Model) -> DriftRow:
    voice = f"{VOICE}{NAME}{event.model}"
    entries = list(entries_of((row.event for row in journal.rows()), voice, model))
    outcomes = list(outcomes_of((row.event for row in journal.rows()), voice))
    indexes = shifted(model.inputs, model.edges, model.shares, entries)
    moved = (
        {}
        if indexes is None
        else {name: value for name, value in indexes.items() if value > MOST_SHIFT and name not in NOT_KEPT}
    )
    late = behind(outcomes)
    alarms = [f"{name}: stability index {value:.2f} is above {MOST_SHIFT}" for name, value in moved.items()]
    if late.alarm:
        alarms.append(f"wins stay behind their chances: {late.value:.1f} reaches {late.limit:.1f}")
    return DriftRow(
        name=event.model,
        version=event.model_version,
        promoted=event.promoted,
        entries=len(entries),
        entries_needed=LEAST_ENTRIES,
        outcomes=late.outcomes,
        outcomes_needed=LEAST_OUTCOMES,
        moved=moved,
        behind=late.value,
        behind_limit=late.limit,
        alarms=alarms,
    )


def entries_of(events: Iterable[Event], voice: str, model: Model) -> Iterator[list[float]]:
    """Yield what a model read of each entry it spoke on; worked out again from the candles that were seen."""
    recent: dict[str, deque[Candle]] = {}
    series: dict[str, str] = {}
    for event in events:
        if isinstance(event, GridChanged):
            for instrument in event.instruments:
                recent.pop(instrument.symbol, None)
        if not isinstance(event, CycleDecided):
            continue
        for observation in event.observations:
            if observation.candles and series.get(observation.symbol) != observation.series:
                recent.pop(observation.symbol, None)
                series[observation.symbol] = observation.series
            recent.setdefault(observation.symbol, deque(maxlen=LOOK_BACK)).extend(observation.candles)
        for decision in event.decisions:
            known = recent.get(decision.symbol, deque())
            if len(known) == LOOK_BACK and any(each.name == voice and each.vote for each in decision.voices):
                yield inputs_of(model, known, _signals(decision, model))


def _signals(decision: Decision, model: Model) -> list[tuple[str, Signal, str]]:
    known = [each for each in decision.voices if each.name in model.strategies]
    return [(each.name, _signal(each, decision), "") for each in known]


def _signal(voice: Voice, decision: Decision) -> Signal:
    return Signal(
        voice.vote, voice.confidence, 0.0, 0.0, 0.0, 0.0, decision.stop_ppm, decision.stop, decision.target
    )


def outcomes_of(events: Iterable[Event], voice: str) -> Iterator[tuple[float, bool]]:
    """Yield each resolved forecast of a model, of trades and of vetoed entries: its chance, and if it won."""
    for event in events:
        if isinstance(event, CycleEnded):
            for lesson in event.lessons:
                spoke = [each for each in lesson.context.voices if each.name == voice and each.parts]
                if spoke:
                    yield chance_of(sum(spoke[0].parts.values())), lesson.result > 0.0
