"""The shape of a strategy: parameters, a flat memory, and a step that sees one closed candle at a time.

A step cannot look ahead: all it ever gets is the newest closed candle and what it wrote into its own
memory before. The same step runs in the loop and, compiled, in a backtest, so it returns numbers: its
vote. Where it votes, `signal` is asked for confidence, stop and target, and `explain` for words.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from domain import truths
from domain.decision import Signal
from domain.errors import BadInput
from domain.exits import ExitPlan
from domain.kernel import kernel
from domain.times import TIMEFRAMES
from reasoning.kernels.features import Features
from reasoning.kernels.indicators import Memory

PackedT = TypeVar("PackedT", bound=tuple[Any, ...])
PackedT_contra = TypeVar("PackedT_contra", bound=tuple[Any, ...], contravariant=True)


MOST_WARMUP = 1_000_000
"""Candles a strategy may wait for before its first vote."""
QUIET = Signal(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)
"""What a strategy says when it has nothing to say."""


class Indicator(NamedTuple):
    """A number of a strategy that is drawn over time: a price in ticks, or on a scale of its own."""

    name: str
    value: float
    on_price: bool


class Informative(NamedTuple):
    """Another symbol whose candles a strategy looks at, and the file and line that say so."""

    symbol: str
    where: str


class ColumnKey(NamedTuple):
    """A number over time that trials may share: what it is, made with which parameters, of which numbers.

    `kind` is one of `reasoning.indicators.table` and `output` one of its outputs, or `kind` is a number of a
    candle (open, high, low, close, volume), with no parameters and no inputs. A column is 0.0 until known.
    """

    kind: str
    parameters: tuple[float, ...]
    inputs: tuple["ColumnKey", ...]
    output: str


class NumberPlace(NamedTuple):
    """The place of a named number in a declared strategy's memory, and among its columns.

    `last` is where that of the candle before lies, -1 where it is not kept.
    """

    name: str
    now: int
    last: int
    column: int


class CrossedSide(NamedTuple):
    """One side of a crossing: the place of a column or else of a parameter, or else (both -1) a level."""

    column: int = -1
    field: int = -1
    level: float = 0.0


def no_indicators(_memory: Memory, _packed: Any) -> tuple[Indicator, ...]:
    """Return nothing: what such a strategy looks at is no line."""
    return ()


class StrategyParams(BaseModel, ABC):
    """The parameters of a strategy; `packed` is the same as plain numbers for its kernels."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        truths.refuse(value, cls.model_fields[str(info.field_name)].annotation)
        return value

    @abstractmethod
    def packed(self) -> tuple[Any, ...]:
        """Return the parameters as a NamedTuple of numbers."""


class Step(Protocol[PackedT_contra]):
    """A step kernel: take in one closed candle (prices in ticks), vote on it."""

    def __call__(
        self,
        memory: Memory,
        packed: PackedT_contra,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        /,
    ) -> int:
        """Change `memory`; return +1 (buy), -1 (sell) or 0; no vote before `warmup` candles."""
        ...


class SignalKernel(Protocol[PackedT_contra]):
    """A kernel asked right after a step that voted."""

    def __call__(
        self, memory: Memory, packed: PackedT_contra, vote: int, close: float, features: Features, /
    ) -> Signal:
        """Return the vote with its confidence, stop and target; leaves `memory` as it is."""
        ...


@dataclass(frozen=True)
class Strategy(Generic[PackedT]):
    """One strategy: its name, parameters and kernels.

    `size` is the floats its memory needs (all zeros before the first candle), `warmup` the candles
    after which it can vote, `explain` a sentence part about the candle last taken in. `on_candle` is what
    the loop calls: one candle in, its signal out; it and the methods beside it are what a strategy of
    the user's own guards. `indicators` are the numbers it looks at, to be drawn: those known after the candle
    last taken in; they decide nothing.

    A declared strategy (`reasoning.declare`) also decides over columns, one number of all candles each:
    `columns(packed)` says which, and the kernels `decide_at(columns, index, packed)` and `signal_at(columns,
    index, packed, vote, features)` are `step` and `signal` of the candle at an index, to the bit. Where it
    votes at crossings only, `sides` are the pairs of columns or levels of which one has. `needs` are of each
    column the places of the parameters it depends on.

    The step of one that is `timed` takes the candle's open time (ms UTC, a float) last. One of longer
    `timeframes` counts its own candles by their length: `at` says it, `timeframe_ms` keeps it.

    `exits(packed)` are the exits of positions that its vote opens, judged by the house (`risk.exits`);
    `places` is where a declared strategy keeps the numbers its custom exit reads, `priced` where those
    that are in ticks lie.

    One that looks at `informative` symbols takes in their candles by the kernel `inform(memory, packed,
    which, time, opened, high, low, close, volume)`, those not younger than its own next candle before it.
    `paired` is its step where these candles lie behind the memory (`over_tapes`), as they do in a backtest.
    """

    name: str
    params: type[StrategyParams]
    size: Callable[[PackedT], int]
    warmup: Callable[[PackedT], int]
    step: Step[PackedT]
    signal: SignalKernel[PackedT]
    explain: Callable[[Memory, PackedT, Signal], str]
    indicators: Callable[[Memory, PackedT], tuple[Indicator, ...]] = no_indicators
    columns: Callable[[PackedT], tuple[ColumnKey, ...]] | None = None
    decide_at: Callable[..., int] | None = None
    signal_at: Callable[..., Signal] | None = None
    needs: tuple[tuple[int, ...], ...] = ()
    sides: tuple[tuple[CrossedSide, CrossedSide], ...] = ()
    timed: bool = False
    timeframes: tuple[str, ...] = ()
    timeframe_ms: int = 0
    exits: Callable[[PackedT], ExitPlan] | None = None
    places: tuple[NumberPlace, ...] = ()
    informative: tuple[Informative, ...] = ()
    inform: Callable[..., int] | None = None
    paired: Callable[..., int] | None = None
    priced: tuple[int, ...] = ()

    @property
    def declared(self) -> bool:
        """True when the house wrote its kernels, so that none of them indexes anything."""
        return self.columns is not None

    def at(self, timeframe_ms: int) -> Self:
        """Return the strategy for candles of this length.

        Raises BadInput where a timeframe it declares is none of whole candles.
        """
        if not self.timeframes or timeframe_ms == 0:
            return self
        wrong = [each for each in self.timeframes if TIMEFRAMES[each] % timeframe_ms]
        if wrong:
            length = next(
                (name for name, ms in TIMEFRAMES.items() if ms == timeframe_ms), f"{timeframe_ms} ms"
            )
            raise BadInput(
                f"strategy {self.name}: timeframe {wrong[0]} is no multiple of its candles' {length}; run it "
                f"on a timeframe that divides {', '.join(self.timeframes)}"
            )
        return replace(self, timeframe_ms=timeframe_ms)

    def over_tapes(self) -> Self:
        """Return the strategy for whole series: candles of other symbols are found behind its memory."""
        return self if self.paired is None else replace(self, step=self.paired)

    def take_informative(self, memory: Memory, packed: PackedT, which: int, *candle: float) -> None:
        """Take in a closed candle of another symbol, its open time first; -1 - which begins it anew."""
        if self.inform is not None:
            self.inform(memory, packed, which, *candle)

    def pack(self, params: StrategyParams) -> tuple[Any, ...]:
        """Return parameters as the numbers the kernels take."""
        return self.timed_for(params.packed())

    def timed_for(self, packed: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return packed numbers with the candles' length, where the kernels take it. Raises BadInput."""
        if not self.timeframes:
            return packed
        if not self.timeframe_ms:
            raise BadInput(f"strategy {self.name} is of several timeframes; say which its candles have")
        return packed._replace(timeframe_ms=self.timeframe_ms)  # type: ignore[attr-defined,no-any-return]  # made by the house

    def warmup_for(self, packed: PackedT) -> int:
        """Return the candles before the first possible vote."""
        return self.warmup(packed)

    def exits_for(self, packed: PackedT) -> ExitPlan | None:
        """Return the exits it declares with these parameters, None for none."""
        return None if self.exits is None else self.exits(packed)

    def size_for(self, packed: PackedT) -> int:
        """Return the floats the memory needs."""
        return self.size(packed)

    def blank(self, packed: PackedT) -> Memory:
        """Return the memory before the first candle."""
        return [0.0] * self.size(packed)

    def restored(self, values: list[float]) -> Memory:
        """Return the memory with the values it had."""
        return values

    def take(
        self,
        memory: Memory,
        packed: PackedT,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        time: float,
    ) -> int:
        """Take in one closed candle, its open time last, and return the vote."""
        step: Any = self.step
        if self.timed:
            return step(memory, packed, opened, high, low, close, volume, time)  # type: ignore[no-any-return]
        return step(memory, packed, opened, high, low, close, volume)  # type: ignore[no-any-return]

    def on_candle(
        self,
        memory: Memory,
        packed: PackedT,
        features: Features,
        opened: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        time: float,
    ) -> Signal:
        """Take in one closed candle with its features and return what the strategy says about it."""
        step: Any = self.step
        if self.timed:
            vote = step(memory, packed, opened, high, low, close, volume, time)
        else:
            vote = step(memory, packed, opened, high, low, close, volume)
        return self.signal(memory, packed, vote, close, features) if vote else QUIET

    def say(self, memory: Memory, packed: PackedT, vote: int, close: float, features: Features) -> Signal:
        """Return what is said with a vote."""
        return self.signal(memory, packed, vote, close, features)

    def words(self, memory: Memory, packed: PackedT, signal: Signal) -> str:
        """Return the reason of a signal in words."""
        return self.explain(memory, packed, signal)

    def drawn(self, memory: Memory, packed: PackedT) -> tuple[Indicator, ...]:
        """Return the numbers that are drawn."""
        return self.indicators(memory, packed)


@kernel
def signal_of(vote: int, base: float, trend: float, features: Features, stop_ppm: int) -> Signal:
    """Return a signal whose confidence is base + trend + shared parts, at most 100.

    `stop_ppm` is the stop's distance from the actual entry; no absolute stop or target.
    """
    return signal_to(vote, base, trend, features, stop_ppm, 0, 0)


@kernel
def signal_to(
    vote: int, base: float, trend: float, features: Features, stop_ppm: int, stop: int, target: int
) -> Signal:
    """Return a signal as `signal_of`, with an absolute stop and target in ticks (0 for none)."""
    total = base + trend + features.volume + features.volatility
    confidence = min(100.0, total)
    return Signal(vote, confidence, base, trend, features.volume, features.volatility, stop_ppm, stop, target)
