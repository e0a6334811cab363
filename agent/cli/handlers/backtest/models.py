"""The trained models that a backtest asks: of the registry by name, or those a journal has in force."""

from collections.abc import Sequence

from agent.account.client import AccountClient
from agent.answers.research import AskedModel
from agent.models import sets as model_sets
from agent.models.registry import Registry
from agent.settings.home import Home
from agent.settings.settings import Options
from domain.errors import BadInput
from domain.events import ModelSet
from domain.model import Model
from domain.times import length_name, millis, utc
from edge.versioned import split_version
from reasoning.models import unpacked
from research.data.candles import Candles


def models_asked(names: Sequence[str], options: Options, *, in_force: bool) -> list[ModelSet]:
    """Return the sets of the models asked for. Raises BadInput for one that is not there or does not fit."""
    sets = list(_standing(options)) if in_force else []
    registry = Registry(Home(options.home).models)
    for text in names:
        model = registry.read(*split_version("--model", text))
        _fits(model, options)
        sets.append(model_sets.set_of(model, len(sets) + 1, utc(0), "asked for in a backtest", "operator"))
    twice = {each.model for each in sets if sum(each.model == other.model for other in sets) > 1}
    if twice:
        raise BadInput(f"--model: {', '.join(sorted(twice))} is asked for twice, one version is heard")
    return sets


def _standing(options: Options) -> Sequence[ModelSet]:
    home = Home(options.home)
    if not home.names() and not home.server:
        raise BadInput(f"--models-in-force: there is no journal in {options.home}")
    return list(model_sets.in_force(AccountClient(home, None).folded().state.models).values())


def _fits(model: Model, options: Options) -> None:
    if model.timeframe_ms != options.timeframe_ms:
        raise BadInput(
            f"--model {model.name}: it was trained on candles of {length_name(model.timeframe_ms)}, "
            f"these are of {length_name(options.timeframe_ms)}"
        )


def answer_on(event: ModelSet, candles: Sequence[Candles]) -> AskedModel:
    """Return what is said about a model that was asked: above all whether it knows these candles' time."""
    trained = unpacked(event).trained
    first, last = min(int(each.time[0]) for each in candles), max(int(each.time[-1]) for each in candles)
    return AskedModel(
        name=event.model,
        version=event.model_version,
        sha256=event.identity,
        promoted=event.promoted,
        in_sample=millis(trained.first) <= last and first <= millis(trained.last),
    )
