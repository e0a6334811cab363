"""The work of `agent meta ...`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from agent.account.client import AccountClient
from agent.account.dispatch import dispatch
from agent.answers.models import ModelRow, TrainedAnswer
from agent.cli.handlers.inputs import ResearchRequest
from agent.cli.options import home_of
from agent.cli.output.streams import answer, say, say_json
from agent.models.gate import bp, shortfalls
from agent.models.registry import Registry
from agent.models.sets import ModelCommand, in_force
from domain.errors import BadInput
from domain.events import ModelSet
from domain.model import Model, ModelFigures, identity
from domain.replies import ModelInForce

LONGEST = 10_000
"""Candles a label may look ahead."""


class TrainRequest(NamedTuple):
    """The arguments of `agent meta train`."""

    asked: ResearchRequest
    name: str
    kind: str
    horizon: int | None
    stop_atr: float
    target_atr: float
    embargo: int
    seed: int
    json: bool
    members: Sequence[str] = ()


def train_command(request: TrainRequest) -> None:
    """Train a model, keep it and say what it is worth."""
    from agent.cli.handlers.trained import trained_model

    registry = Registry(home_of(request.asked.home).models)
    registry.checked(request.name)
    _within("--stop-atr", request.stop_atr, 0, 100)
    _within("--target-atr", request.target_atr, 0, 100)
    _within("--embargo", request.embargo, 0, LONGEST)
    if request.horizon is not None:
        _within("--horizon", request.horizon, 1, LONGEST)
    model, years, notes = trained_model(request, registry)
    path = registry.keep(model)
    answer(
        TrainedAnswer(model=row_of(model, {}), file=str(path), years=years, notes=notes),
        _trained,
        json=request.json,
    )


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadInput(f"{option} {value:g}: must be from {low:g} to {high:g}")


def list_models(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print every model of the registry."""
    registry = Registry(home_of(home).models)
    rows = list(registry.all())
    standing = _standing(home, journal)
    answer([row_of(each, standing) for each in rows], _listed, json=json)


def _standing(home: Path | None, journal: str | None) -> Mapping[str, ModelSet]:
    """Return what a journal has in force, nothing where there is no journal yet."""
    agent_home = home_of(home)
    if journal is None and not agent_home.names() and not agent_home.server:
        return {}
    return in_force(AccountClient(agent_home, journal).folded().state.models)


def row_of(model: Model | BadInput, standing: Mapping[str, ModelSet]) -> ModelRow:
    """Return a model as it is told."""
    if isinstance(model, BadInput):
        return ModelRow(name="", version=0, problem=str(model))
    now, mine = standing.get(model.name), identity(model)
    stands = now is not None and now.identity == mine
    return ModelRow(
        name=model.name,
        version=model.version,
        kind=model.kind,
        sha256=mine,
        strategies=list(model.strategies),
        timeframe_ms=model.timeframe_ms,
        base=model.base,
        members=list(model.members),
        barriers=model.barriers,
        trained=model.trained,
        figures=model.figures,
        refused=shortfalls(model),
        standing=("promoted" if now.promoted else "listens") if stands and now is not None else "",
    )


def put_in_force(command: ModelCommand, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Have a model asked, or an earlier one, or none, and say what is in force."""
    agent_home = home_of(home)
    report = cast("ModelInForce", dispatch(agent_home, agent_home.latest(journal), command))
    if json:
        say_json(report)
        return
    if not report.model_version:
        say(f"set {report.version}: no model {report.model} is asked any more")
    else:
        may = (
            f"may raise an entry by {report.raise_cap:g} points" if report.promoted else "only lowers entries"
        )
        say(f"set {report.version}: model {report.model} version {report.model_version}, {may}")
        say(f"  digest    {report.identity[:16]}")
    say(f"  why       {report.reason} (by {report.by})")
    when = "the running agent, at its next cycle" if report.running else "the next run; no agent runs now"
    say(f"  taken by  {when}")


def _trained(report: TrainedAnswer) -> Iterator[str]:
    model = report.model
    yield f"model {model.name} version {model.version} ({model.kind}), kept in {report.file}"
    yield from _details(model)
    yield "year   forecasts    skill     plain       taken"
    for row in report.years:
        taken = "none" if row.taken is None else f"{bp(row.taken)} ({row.taken_count})"
        yield f"{row.year}   {row.forecasts:>9} {row.skill:>+8.4f} {bp(row.plain):>11} {taken:>16}"
    yield from (f"note      {note}" for note in report.notes)
    yield from _verdict(model.refused)


def _verdict(refused: Sequence[str]) -> Iterator[str]:
    yield "gate      refused:" if refused else "gate      passed; have it asked with: agent meta promote"
    yield from (f"          {line}" for line in refused)


def _listed(rows: Sequence[ModelRow]) -> Iterator[str]:
    if not rows:
        yield "no model yet; train one with: agent meta train"
    for row in rows:
        if row.problem:
            yield f"  unusable  {row.problem}"
            continue
        mark = {"promoted": "*", "listens": "o"}.get(row.standing, " ")
        yield f"{mark} {row.name} version {row.version} ({row.kind}) {row.sha256[:16]}"
        yield from (f"  {line}" for line in _details(row))
        yield from (f"  {line}" for line in _verdict(row.refused))
    if any(row.standing for row in rows):
        yield "* promoted, o only lowers entries"


def _details(row: ModelRow) -> Iterator[str]:
    trained, barriers, figures = row.trained, row.barriers, row.figures
    if row.members:
        named = ", ".join(f"{each.name} version {each.version} ({each.sha256[:12]})" for each in row.members)
        yield f"mean of   {named}, in log-odds"
    if trained is None or barriers is None or figures is None:
        return
    own = "the signal's own"
    stop = f"{barriers.stop_atr:g} ATR" if barriers.stop_atr else own
    target = f"{barriers.target_atr:g} ATR" if barriers.target_atr else own
    symbols = ", ".join(trained.symbols)
    span = f"{trained.first:%Y-%m-%d} to {trained.last:%Y-%m-%d}"
    yield f"trained   on {trained.events} entries of {', '.join(row.strategies)} on {symbols}, {span}"
    yield f"          trial {trained.trials}, seed {trained.seed}, code {trained.code_version}"
    yield (
        f"label     stop {stop}, target {target}, at most {barriers.horizon} candles, "
        f"{barriers.cost_ppm} ppm a side; {row.base:.3f} won"
    )
    yield from _figures(figures)


def _figures(figures: ModelFigures) -> Iterator[str]:
    yield (
        f"skill     {figures.skill:+.4f} ({figures.skill_low:+.4f} to {figures.skill_high:+.4f}) over the "
        f"base rate, AUC {figures.auc:.3f}, {figures.forecasts} forecasts out of sample"
    )
    yield f"leak      AUC {figures.shuffled_auc:.3f} with shuffled folds, {figures.purged_auc:.3f} purged"
    if figures.taken is None or figures.taken_low is None or figures.taken_high is None:
        taken = "nothing taken"
    else:
        ends = f"{bp(figures.taken_low)} to {bp(figures.taken_high)}"
        taken = f"taken {bp(figures.taken)} ({ends}), {figures.taken_count} entries"
    yield f"money     all entries {bp(figures.plain)} net, {taken}"
