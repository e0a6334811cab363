"""The setting that was meant, where a name is none."""

from collections.abc import Callable, Iterator

from pydantic import BaseModel

from agent.settings.pairs import PAIRS, PairSettings
from reasoning.strategies.registry import STRATEGIES

CUSTOM = "reasoning.custom."
LIST = "agent config show lists them"


def no_such(name: str, *models: type[BaseModel], write: Callable[[str], str] = str) -> str:
    """Say that a dotted name is no setting of `models`, and which may be meant, written by `write`.

    The last part may stand in another section (`stake` is `sizing.stake`), or be a slip of the pen.
    """
    pair, name = _pair(name)
    own = _own(name)
    meant = own or _meant(name.lower(), [each for model in models for each in _names(model)])
    meant = [pair + each for each in meant if not pair or each.partition(".")[0] in PairSettings.model_fields]
    text = " or ".join(map(write, meant))
    return "no such setting; " + (f"did you mean {text}?" if meant else LIST)


def _near(name: str, known: list[str], cutoff: float = 0.6) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415  # of slips of the pen alone

    return get_close_matches(name, known, n=2, cutoff=cutoff)


def _meant(name: str, known: list[str]) -> list[str]:
    last = name.rpartition(".")[2]
    elsewhere = [each for each in known if each.rpartition(".")[2] == last]
    return elsewhere[:3] or _near(name, known, cutoff=0.75)


def _pair(name: str) -> tuple[str, str]:
    """Return what stands before a pair's setting, and its name as one of all; else nothing and the name."""
    section, _, rest = name.partition(".")
    symbol, _, below = rest.partition(".")
    return (f"{PAIRS}.{symbol}.", below) if section == PAIRS and below else ("", name)


def _own(name: str) -> list[str]:
    """Return which parameter of a strategy of one's own is meant, where `name` lies below it."""
    strategy, _, last = name.removeprefix(CUSTOM).partition(".")
    if not name.startswith(CUSTOM) or strategy not in STRATEGIES:
        return []
    known = list(_names(STRATEGIES[strategy].params))
    return [f"{CUSTOM}{strategy}.{each}" for each in _near(last.lower(), known)]


def _names(model: type[BaseModel], before: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _names(inner, f"{before}{name}.")
        else:
            yield before + name
