"""The strategies that have a voice in a session, each with its parameters, and those of single pairs."""

from collections.abc import Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any

from domain.exits import ExitPlan
from reasoning.kernels.features import PLAN, features_warmup
from reasoning.kernels.strategy import Strategy
from reasoning.own import StandIn, StrategyFault
from reasoning.remembered import ConfiguredStrategy, informative_kept
from reasoning.settings import ReasoningSettings, Values
from reasoning.strategies.registry import STRATEGIES

Speakers = tuple[ConfiguredStrategy, ...]

OwnParameters = Mapping[str, Mapping[str, Values]]

NO_PAIRS: Mapping[str, tuple[Any, ...]] = MappingProxyType({})


class ConfiguredStrategies:
    """The strategies of a session in the order they speak. Raises BadInput as `StrategyRunner`."""

    def __init__(
        self, settings: ReasoningSettings, timeframe_ms: int = 0, own: OwnParameters | None = None
    ) -> None:
        self._settings = settings
        self._timeframe_ms = timeframe_ms
        self._own = own or {}
        self._speakers = tuple(
            ConfiguredStrategy(STRATEGIES[name].at(timeframe_ms), settings.packed(name, timeframe_ms))
            for name in settings.strategies
        )
        self._speakers_of = {symbol: self._with_own(symbol) for symbol in self._own}
        self.informative: tuple[str, ...] = tuple(
            dict.fromkeys(each.symbol for voice in self._speakers for each in voice.strategy.informative)
        )
        """The symbols whose candles its strategies look at beside those of the symbol they vote on."""
        self.muted: dict[str, str] = {}
        """What was wrong with each voice that is heard no more, by its name."""
        self._count_warmup()

    def _with_own(self, symbol: str) -> Speakers:
        return tuple(
            speaker
            if (values := self._own[symbol].get(speaker.strategy.name)) is None
            else speaker._replace(packed=self.own(speaker.strategy.name, values))
            for speaker in self._speakers
        )

    def _count_warmup(self) -> None:
        every = (self._speakers, *self._speakers_of.values())
        self._exits = self._declared_exits(self._speakers)
        self._exits_of = {
            symbol: self._declared_exits(speakers) for symbol, speakers in self._speakers_of.items()
        }
        self.warmup: int = max(self._warmup_of(speaker) for speakers in every for speaker in speakers)
        self._ready_after: int = max(self.warmup, features_warmup(PLAN))

    def _warmup_of(self, speaker: ConfiguredStrategy) -> int:
        try:
            return speaker.strategy.warmup_for(speaker.packed)
        except StrategyFault as fault:
            self.muted[speaker.strategy.name] = str(fault)
            return 0

    def _declared_exits(self, speakers: Speakers) -> dict[str, ExitPlan]:
        plans: dict[str, ExitPlan] = {}
        for strategy, packed in speakers:
            try:
                plan = strategy.exits_for(packed)
            except StrategyFault as fault:
                self.muted[strategy.name] = str(fault)
                continue
            if plan is not None:
                plans[strategy.name] = plan
        return plans

    @property
    def candles_needed(self) -> int:
        """Candles after which every strategy and every feature is known."""
        return self._ready_after

    @property
    def informative_kept(self) -> int:
        """Candles of another symbol that are kept."""
        return informative_kept([*self._speakers, *chain.from_iterable(self._speakers_of.values())])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the strategies that have a voice, in the order they speak."""
        return tuple(each.strategy.name for each in self._speakers)

    def strategy(self, name: str) -> Strategy[Any] | None:
        """Return a strategy that has a voice, None where none of this name has."""
        return next((each.strategy for each in self._speakers if each.strategy.name == name), None)

    def own(self, name: str, values: Values | None = None) -> tuple[Any, ...]:
        """Return a strategy's parameters as the settings have them, whatever it was given since.

        With the `values` of a pair in the place of the same.
        """
        return self._settings.packed(name, self._timeframe_ms, values)

    def pairs_with_own(self, name: str) -> dict[str, Values]:
        """Return the parameters of a strategy that single pairs have of their own, by symbol."""
        return {symbol: own[name] for symbol, own in self._own.items() if name in own}

    def put(self, name: str, packed: tuple[Any, ...], own: Mapping[str, tuple[Any, ...]] = NO_PAIRS) -> int:
        """Give a strategy new parameters and its voice back; return its place. Raises ValueError for none."""
        index = self.names.index(name)
        self._speakers = _replaced(self._speakers, index, packed)
        for symbol, speakers in self._speakers_of.items():
            self._speakers_of[symbol] = _replaced(speakers, index, own.get(symbol, packed))
        self.muted.pop(name, None)
        self._count_warmup()
        return index

    def waits_behind(self, heard: int, name: str, packed: tuple[Any, ...] | None = None) -> int:
        """Return the candles a strategy waits for where `heard` are kept; 0 without a voice.

        With `packed` those it would wait for if it were given these parameters.
        """
        every = (self._speakers, *self._speakers_of.values())
        speakers = [each for some in every for each in some if each.strategy.name == name]
        if not speakers:
            return 0
        tried = speakers if packed is None else [speakers[0]._replace(packed=packed)]
        try:
            warmup = max(each.strategy.warmup_for(each.packed) for each in tried)
        except StrategyFault:  # it is muted, and waits for nothing
            return 0
        return max(0, warmup - 1 - heard)

    @property
    def stands_in(self) -> bool:
        """True when a voice is not itself, so that this runner's memory is good for no decision."""
        return any(isinstance(each.strategy, StandIn) for each in self._speakers)

    def _packed(self) -> dict[str, list[tuple[Any, ...]]]:
        every = {"": self._speakers, **self._speakers_of}
        return {symbol: [each.packed for each in speakers] for symbol, speakers in every.items()}


def _replaced(speakers: Speakers, index: int, packed: tuple[Any, ...]) -> Speakers:
    return (*speakers[:index], speakers[index]._replace(packed=packed), *speakers[index + 1 :])
