"""The mind of a session: folds observations into orientations, one candle at a time.

A mind is a deterministic fold. Fed the same observations it holds the same memories and says the
same, live, after a restart or in a replay; it reads no clock (an observation's `fetched_at` is its
now) and speaks from the few hundred numbers its kernels need. It keeps the last candles of each symbol
for one purpose: a strategy that is given new parameters is warmed by them at once.

A voice of the user's own whose code fails is muted, for every symbol: it is stepped no further and abstains,
its reason says why, all others speak on. As its code sees nothing but candles, a restart or a replay mutes it
at the same candle. New parameters give it its voice back, and so does a restart with its file mended.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.candle import Candle
from domain.decision import Decision, Signal
from domain.events import ModelSet
from domain.instrument import Instrument
from domain.observation import Observation
from domain.regrid import Regrid
from domain.times import millis
from reasoning import readings
from reasoning.configured import NO_PAIRS, ConfiguredStrategies, OwnParameters
from reasoning.informative import InformativeCandles
from reasoning.kernels.features import regime
from reasoning.kernels.model_inputs import LOOK_BACK
from reasoning.kernels.strategy import QUIET, Indicator
from reasoning.memories import SymbolMemory
from reasoning.models import HeardModel, heard_model, opinions_of
from reasoning.orientation import MUTED, Opinion, Orientation
from reasoning.remembered import ReadNumbers, Remembered
from reasoning.settings import ReasoningSettings

UNSEEN = "no candle was seen yet"
"""Why a number of a symbol is not to be had that no candle was taken in of."""


class StrategyRunner(ConfiguredStrategies):
    """Memories of every symbol of a session, and what they make of the next observation.

    `timeframe_ms` is the candles' length; only strategies of several timeframes ask for it. `own` are the
    parameters single pairs have in the place of those of all, by symbol and strategy. Raises BadInput
    where one of theirs is no multiple of it.
    """

    def __init__(
        self, settings: ReasoningSettings, timeframe_ms: int = 0, own: OwnParameters | None = None
    ) -> None:
        super().__init__(settings, timeframe_ms, own)
        self._silent: tuple[Opinion, ...] = tuple(
            (name, QUIET, "no new candle") for name in settings.strategies
        )
        self._symbols: dict[str, SymbolMemory] = {}
        self.informed: dict[str, InformativeCandles] = {
            each: InformativeCandles() for each in self.informative
        }
        """The candles of `informative` symbols."""
        self._models: dict[str, HeardModel] = {}

    def orient(self, observation: Observation) -> Orientation:
        """Take in an observation and say what it means.

        Candles enter in order; one that is not newer than the last never enters. A new series starts
        the symbol's kernel memories over with its first candle. Only the last candle's signals count.
        """
        memory = self._symbols.get(observation.symbol)
        if memory is None:
            memory = self._symbols[observation.symbol] = self._blank(observation.symbol)
        memory.now_ms = millis(observation.fetched_at)
        signals = _folded(memory, observation)
        if observation.headlines and self._settings.sentiment.enabled:
            memory.headlines.take_in(observation.headlines, memory.now_ms)
        return self._orientation(observation.symbol, memory, signals)

    def inform(self, observations: Iterable[Observation]) -> None:
        """Take in what was seen of symbols that strategies look at, ahead of what they vote on."""
        for observation in observations if self.informative else ():
            if observation.symbol in self.informed:
                self.informed[observation.symbol].take(observation, self.informative_kept)

    def peek(self, symbol: str, candle: Candle) -> Orientation:
        """Say what `orient` would if the symbol's next closed candle were this one; changes nothing."""
        known = self._symbols.get(symbol)
        memory = (self._blank(symbol) if known is None else known).copy(LOOK_BACK if self._models else 0)
        newer = memory.candle is None or candle.time > memory.candle.time
        return self._orientation(symbol, memory, memory.step(candle) if newer else None)

    def set_model(self, event: ModelSet) -> None:
        """Ask the model of an event from now on, in the place of any of its name; without a body none."""
        self._models.pop(event.model, None)
        if event.body:
            self._models[event.model] = heard_model(event)

    @property
    def models(self) -> Mapping[str, HeardModel]:
        """Models that are asked, by name; one that cannot be used says why."""
        return self._models

    def preview(self, observation: Observation, beside: Sequence[Observation] = ()) -> Orientation:
        """Say what `orient` would of an observation, its headlines left aside; changes nothing.

        `beside` is what `inform` would be told first.
        """
        known = self._symbols.get(observation.symbol)
        memory = (self._blank(observation.symbol) if known is None else known).copy()
        if self.informative:
            memory.informed = self._informed_with(beside)
        memory.now_ms = millis(observation.fetched_at)
        return self._orientation(observation.symbol, memory, _folded(memory, observation))

    def votes(self, observations: Sequence[Observation], beside: Sequence[Observation] = ()) -> bool:
        """Say whether a strategy would vote on any of a cycle's observations; changes nothing.

        `beside` is what was seen of symbols that are only looked at.
        """
        alone, cycle = not self.informative, (*beside, *observations)
        for observation in observations:
            candles, memory = observation.candles, self._symbols.get(observation.symbol)
            if not alone or memory is None or len(candles) != 1 or observation.series != memory.series:
                if candles and any(each.vote for _, each, _ in self.preview(observation, cycle).signals):
                    return True
            elif (memory.candle is None or candles[0].time > memory.candle.time) and memory.look(candles[0]):
                return True
        return False

    def _informed_with(self, observations: Iterable[Observation]) -> dict[str, InformativeCandles]:
        """Return the candles of other symbols as they are with what was seen of them."""
        result = {symbol: candles.copy() for symbol, candles in self.informed.items()}
        for each in observations:
            if each.symbol in result:
                result[each.symbol].take(each, self.informative_kept)
        return result

    def recent(self, observation: Observation, count: int) -> tuple[Candle, ...]:
        """Return the last `count` candles of a symbol's series as they are with an observation's."""
        known = self._symbols.get(observation.symbol)
        kept: Sequence[Candle] = ()
        if known is not None and (known.series == observation.series or not observation.candles):
            kept = tuple(known.recent)[-count:]
        last = kept[-1].time if kept else -1
        return (*kept, *(each for each in observation.candles if each.time > last))[-count:]

    def indicators(self, symbol: str) -> tuple[tuple[str, Indicator], ...]:
        """Return what each voice looks at of a symbol's last candle, by the voice's name."""
        memory = self._symbols.get(symbol)
        if memory is None or memory.candle is None:
            return ()
        return tuple(
            (voice, each) for voice, indicators in readings.indicators(memory) for each in indicators
        )

    def told(self, observation: Observation, decision: Decision, instrument: Instrument) -> dict[str, str]:
        """Return the reasons of a decision's voices that tell prices, in the quote currency, by voice.

        The observation is the decision's, whether it was taken in or not; nothing changes. A reason that is
        not what the voice says here is left out: its parameters, or the grid, were others.
        """
        memory = self._symbols.get(observation.symbol)
        if not observation.candles:
            return {}
        heard = memory is not None and memory.series == observation.series
        if memory is None or not heard or memory.candle != observation.candles[-1]:
            memory = (memory or self._blank(observation.symbol)).copy()
            memory.now_ms = millis(observation.fetched_at)
            _folded(memory, observation)
        return dict(readings.reasons(memory, decision.voices, instrument))

    def read(self, symbol: str, voice: str, names: Sequence[str]) -> ReadNumbers:
        """Return the numbers a custom exit of a voice reads, of a symbol's last candle and the one before.

        Those of candles alone need no voice. Where they are not to be had it says why.
        """
        memory = self._symbols.get(symbol)
        if memory is None:
            return ReadNumbers((), UNSEEN)
        return readings.numbers(memory, voice, names)

    def seen(self, symbol: str) -> int:
        """Return how many candles of a symbol's series were taken in."""
        memory = self._symbols.get(symbol)
        return 0 if memory is None else memory.seen

    def retune(
        self, name: str, packed: tuple[Any, ...], own: Mapping[str, tuple[Any, ...]] = NO_PAIRS
    ) -> int:
        """Give a strategy new parameters, warmed at once over the last candles of every symbol.

        `own` are those of the pairs that have some of their own. Returns the candles it still waits for
        before it can vote on every symbol, 0 when it can at the
        next. The other voices notice nothing. Raises ValueError when none of this name has a voice.
        """
        index = self.put(name, packed, own)
        for symbol, memory in self._symbols.items():
            memory.retune(index, self._speakers_of.get(symbol, self._speakers))
        return self.waits(name)

    def waits(self, name: str, packed: tuple[Any, ...] | None = None) -> int:
        """Return the candles a strategy waits for before it can vote on every symbol; 0 without a voice.

        With `packed` those it would wait for if it were given these parameters; nothing changes.
        """
        heard = min((len(memory.recent) for memory in self._symbols.values()), default=0)
        return self.waits_behind(heard, name, packed)

    def regrid(self, symbol: str, change: Regrid) -> None:
        """Remember a symbol's prices in the ticks of another grid."""
        if change.ticks_change and symbol in self.informed:
            self.informed[symbol].regrid(change)
        if change.ticks_change and symbol in self._symbols:
            self._symbols[symbol].regrid(change)

    def memory(self) -> dict[str, Any]:
        """Return all that is remembered, by symbol, as plain values."""
        return {symbol: memory.plain() for symbol, memory in self._symbols.items()}

    def resume(
        self, result: Mapping[str, Remembered], informed: Mapping[str, InformativeCandles] | None = None
    ) -> None:
        """Be the mind whose `memory` and candles of other symbols were found.

        It speaks with the same parameters already. Raises ValueError where it is one of other strategies.
        """
        if set(informed or {}) != set(self.informative):
            raise ValueError("the memory is one of other strategies")
        self.informed.update(informed or {})
        for symbol, remembered in result.items():
            memory = self._blank(symbol)
            memory.resume(remembered)
            self._symbols[symbol] = memory

    def __eq__(self, other: object) -> bool:
        """Two minds are equal when they would say the same about whatever comes next."""
        if not isinstance(other, StrategyRunner):
            return NotImplemented
        tuned = self._packed() == other._packed() and self._models == other._models
        text = self._settings == other._settings and self.muted == other.muted
        return tuned and text and self.memory() == other.memory() and self.informed == other.informed

    __hash__ = None  # type: ignore[assignment]  # it changes with every observation

    def _blank(self, symbol: str) -> SymbolMemory:
        speakers = self._speakers_of.get(symbol, self._speakers)
        return SymbolMemory(symbol, speakers, self._settings.sentiment, self.muted, self.informed)

    def _orientation(self, symbol: str, memory: SymbolMemory, signals: list[Signal] | None) -> Orientation:
        features = memory.latest
        known = features.baseline > 0.0 and features.atr > 0.0
        opinions = self._silent if signals is None else _opinions(memory, signals)
        return Orientation(
            symbol=symbol,
            fresh=signals is not None,
            candle=memory.candle,
            signals=opinions,
            sentiment=memory.headlines.sentiment(memory.now_ms),
            atr_ratio=features.baseline / features.atr if known else 1.0,
            atr=features.atr,
            regime=regime(features),
            ready=memory.seen >= self._ready_after,
            seen=memory.seen,
            warmup=self.warmup,
            models=opinions_of(self._models, symbol, memory.recent, opinions),
            exits=self._exits_of.get(symbol, self._exits),
        )


def _folded(memory: SymbolMemory, observation: Observation) -> list[Signal] | None:
    """Take in the candles that are newer than the last; return the last one's signals, None without one."""
    if observation.candles and observation.series != memory.series:
        memory.start(observation.series)
    signals: list[Signal] | None = None
    for candle in observation.candles:
        if memory.candle is None or candle.time > memory.candle.time:
            signals = memory.step(candle)
    return signals


def _opinions(memory: SymbolMemory, signals: list[Signal]) -> tuple[Opinion, ...]:
    opinions = []
    for index, (strategy, packed) in enumerate(memory.speakers):
        signal = signals[index]
        fault = memory.muted.get(strategy.name)
        text = f"{MUTED}{fault}" if fault else strategy.words(memory.blocks[index], packed, signal)
        opinions.append((strategy.name, signal, text))
    return tuple(opinions)
