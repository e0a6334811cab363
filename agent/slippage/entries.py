"""The law of slippage a session goes by: a model's numbers, taken into its settings at the start.

They are recorded with the session, so its replay reads no file of the home.
"""

from pathlib import Path

from agent.settings.home import Home
from agent.settings.settings import Options
from agent.slippage.fitted import in_use
from agent.slippage.kept import SlippageModels
from domain.slippage import SlippageModel
from risk.entry_settings import SlippageLaw


def with_laws(options: Options, home: Path | None = None) -> Options:
    """Return the options with the numbers of the slippage model they name, where entries go by one.

    Raises BadInput where there is no such model, or where it is of other candles or of none of the symbols.
    """
    entries = options.entries
    if not entries.auto or entries.model is None:
        return options
    model, _ = SlippageModels(Home(home or options.home).slippage).find(entries.model)
    return by_model(options, model, "entries.model")


def by_model(options: Options, model: SlippageModel, asked_by: str) -> Options:
    """Return the options with a slippage model's numbers; what they say of a symbol themselves stays.

    Raises BadInput, naming what `asked_by`, as `with_laws` does.
    """
    used = in_use(model, options.symbols, options.timeframe_ms, asked_by)
    laws = {name: SlippageLaw(base=law.base, growth=law.growth) for name, law in used.impacts.items()}
    taken = {"model": f"{model.name}:{model.version}", "laws": laws | options.entries.laws}
    return options.model_copy(update={"entries": options.entries.model_copy(update=taken)})
