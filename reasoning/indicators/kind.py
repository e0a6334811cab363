"""The shape of an indicator: its kernel, its room, its warm-up, and what is to be known about it."""

from collections.abc import Callable
from typing import Any, NamedTuple

MOST_PERIOD = 2_000
"""The longest window of an indicator, in values."""

DEFAULTS = {"value": "close", "other": "volume"}
"""The column of a candle that stands for an input which may be any number."""


COUNT = 0
"""Where a kind that forgets counts values in its block."""


class Parameter(NamedTuple):
    """A number an indicator is declared with: its name, type, default, limits and meaning."""

    name: str
    kind: type[int] | type[float]
    default: float
    low: float
    high: float
    meaning: str


class IndicatorKind(NamedTuple):
    """One kind of indicator.

    `step(memory, at, *parameters, *inputs)` takes in one value and returns a float, or a NamedTuple of
    floats named as `outputs`. Its block begins at `at`, takes `size(*parameters)` floats, and is all zeros
    before the first value. The first `warmup(*parameters)` values return 0.0, the next is the first known.
    `inputs` are columns of a candle (`time`, the open time in ms UTC, `open`, `high`, `low`, `close`,
    `volume`), or `value` and `other` for any number (`DEFAULTS` where none is named). `on_price` is drawn
    on the price, the rest on scales of their own. `convention` says whose rule for seeds, ties and
    constant prices is followed, and why. What is `late` may be 0.0 after its warm-up too: none yet, for it
    waits for something to happen and not for a number of values. Of `directions`, the outputs that are one,
    0.0 is a value; where any other is 0.0, a word of `decide` that looks at two candles is false. `priced`
    are the outputs that grow with the price where that is not told by `on_price`: not all, or some after all.
    What `forgets` keeps windows and averages, nothing that goes back further, and its count of values at
    `COUNT`, which it holds against numbers of values and does nothing else with.
    """

    name: str
    family: str
    step: Callable[..., Any]
    size: Callable[..., int]
    warmup: Callable[..., int]
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    on_price: bool
    formula: str
    source: str
    convention: str
    late: bool = False
    directions: tuple[str, ...] = ()
    priced: tuple[str, ...] | None = None
    forgets: bool = False

    @property
    def prices(self) -> tuple[str, ...]:
        """Return the outputs that are in ticks, where what it is made of is; the rest are plain numbers."""
        if self.priced is not None:
            return self.priced
        return self.outputs if self.on_price else ()

    @property
    def title(self) -> str:
        """Return the sentence its kernel begins with."""
        sentence = (self.step.__doc__ or "").strip().split("\n")[0].removeprefix("Return ")
        return sentence[:1].upper() + sentence[1:]

    @property
    def defaults(self) -> tuple[float, ...]:
        """Return its parameters where none is named."""
        return tuple(each.default for each in self.parameters)


def period(default: int, meaning: str, name: str = "n", low: int = 1) -> Parameter:
    """Return a parameter that counts values."""
    return Parameter(name, int, default, low, MOST_PERIOD, meaning)


VALUE = ("value",)
"""The outputs of an indicator that returns one number, and the inputs of one that takes any."""
