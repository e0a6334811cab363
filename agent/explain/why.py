"""The explanation of a cycle from its journal, down to the facts that would have had to differ."""

from collections.abc import Iterator
from typing import Any

from agent.answers.cycle import DecisionAnswer, Explanation, SymbolAnswer
from agent.explain.counterfactual import turning_point
from agent.explain.orders import fate, judged
from agent.explain.seen import seen
from agent.explain.story import DecidedRow, Story, decided_row, story_of
from agent.parameters import spoken
from agent.settings.changes import SECTIONS
from agent.settings.folding import FoldSettings, fold_settings_of
from agent.settings.pairs import flat
from agent.state.checkpoint import Checkpoint
from agent.state.checkpoints import Checkpoints
from agent.state.seeing import Observed
from agent.views.session import changed
from agent.wiring.folded import Folded, folded, options_in_force
from domain.events import CycleDecided
from domain.instrument import Instrument
from domain.observation import Observation
from domain.ports import Records
from domain.verdict import Approved
from reasoning.telling import reason_told


def explain(journal: Records, cycle: int | None, checkpoints: Checkpoints | None = None) -> Explanation:
    """Explain a cycle (the last one unless told otherwise).

    Its rows are found by the index, and the fold up to it begins at the nearest of `checkpoints`. Raises
    BadInput when the journal has no such cycle.
    """
    row = decided_row(journal, cycle)
    return explain_row(journal, row, fold_settings_of(row.session), checkpoints)


def explain_row(
    journal: Records,
    row: DecidedRow,
    settings: FoldSettings,
    checkpoints: Checkpoints | None = None,
    nearest: Checkpoint | None = None,
) -> Explanation:
    """Explain the cycle of a row by its session's settings; `nearest` is its checkpoint, if at hand."""
    story = story_of(journal, row)
    decided, ended, session = story.decided, story.ended, story.session
    before = folded(
        settings,
        journal,
        lambda event: event == decided,
        checkpoints=checkpoints,
        before=story.seq,
        nearest=nearest,
    )
    grid = before.state.ledger.instruments
    before.state.mind = None  # it answers what it would have said, so it has not heard this cycle
    before.state.apply(
        Observed(
            decided.cycle_id,
            decided.at,
            decided.observations,
            decided.updates,
            decided.blocked,
            decided.beside,
        )
    )
    before.mind.inform((*decided.beside, *decided.observations))
    return Explanation(
        cycle=decided.cycle_id,
        at=decided.at,
        mode=session.mode,
        session=session.session,
        outcome=ended.outcome if ended else "cut off before its end",
        path=list(ended.path) if ended else [],
        blocked=before.state.ledger.blocked(),
        parameters=spoken.view(before.state, before.mind),
        changed=changed(before.state),
        limits=_limits(before),
        error=ended.error if ended else None,
        symbols=[
            _symbol(story, observation, grid[observation.symbol], before)
            for observation in decided.observations
        ]
        + list(_beside(decided, before)),
        orders=[fate(order, story.receipts, grid[order.symbol], before) for order in story.orders],
        lessons=len(ended.lessons) if ended else 0,
    )


def _beside(decided: CycleDecided, before: Folded) -> Iterator[SymbolAnswer]:
    """Yield what was seen of symbols that strategies look at and that are not traded."""
    grid = before.beside
    for each in decided.beside:
        if each.symbol in grid:
            yield SymbolAnswer(symbol=each.symbol, seen=seen(each, grid[each.symbol], decided.at))


def _limits(before: Folded) -> dict[str, dict[str, Any]]:
    options = options_in_force(before.options, before.state.changed)
    return {name: getattr(options, name).model_dump(mode="json") for name in SECTIONS}


def _symbol(story: Story, observation: Observation, instrument: Instrument, before: Folded) -> SymbolAnswer:
    decided = story.decided
    decision = next((built for built in decided.decisions if built.symbol == observation.symbol), None)
    mine = [each for each in decided.verdicts if each.symbol == observation.symbol]
    # A vote that was denied beside an addition that was made: what was sent is told.
    verdict = next((each for each in mine if isinstance(each, Approved)), mine[0] if mine else None)
    report = seen(observation, instrument, decided.at)
    own = _own(before, observation.symbol)
    fault = (decided.faults or {}).get(observation.symbol, "")
    if decision is None:
        return SymbolAnswer(symbol=observation.symbol, seen=report, own=own, fault=fault)
    words = before.mind.told(observation, decision, instrument)
    return SymbolAnswer(
        symbol=observation.symbol,
        seen=report,
        decision=DecisionAnswer(
            action=decision.action,
            score=round(decision.score, 4),
            confidence=round(decision.confidence, 4),
            reason=decision.reason,
            regime=decision.regime,
            voices=list(decision.voices),
            edge=decision.edge,
            exits=list(decision.exits.words()) if decision.exits else [],
            reason_in_quote=reason_told(decision, words) if words else "",
            voices_in_quote=words,
        ),
        verdict=judged(verdict, instrument),
        own=own,
        fault=fault,
        # What failed was not decided by a measure.
        would_have_turned_it=None if fault else turning_point(before, observation, decision, verdict),
    )


def _own(before: Folded, symbol: str) -> dict[str, Any]:
    """Return what a symbol had of its own then, under the names of the settings of all."""
    pair = options_in_force(before.options, before.state.changed).pairs.get(symbol)
    if pair is None:
        return {}
    return dict(flat(pair.model_dump()))
