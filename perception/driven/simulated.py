"""The simulated market: seeded, never mistaken for a real one, and the last resort of a paper session.

`SimulatedMarket` drives a session at its own times. `SimulatedProvider` stands in for a provider at
the clock's time, from the last known price on.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.candle import Candle, RawCandle
from domain.errors import Refused
from domain.instrument import Instrument
from domain.observation import Source
from domain.ports import CandleRequest
from domain.times import DAY_MS, HOUR_MS, millis, slot
from perception.driven.market import Cursor, DrivenMarket, Rows, beside_cursor
from perception.driven.random_walk import MarketParameters
from perception.driven.simulated_series import HISTORY, Scene, SimulatedSeries

PRICES = {"BTC": 50_000.0, "ETH": 3_000.0}
OTHER_PRICE = 100.0
YEAR_MS = 365 * DAY_MS
PULL_MS = 2 * YEAR_MS
"""Time constant of the way back to the start price: an endless session must not drift out of range."""


class SimulatedSettings(BaseModel):
    """The settings of the simulated market."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=7, ge=0, le=2**63 - 1, description="same seed, same market")
    start: AwareDatetime = Field(
        default=datetime(2024, 1, 1, tzinfo=UTC),
        description="open time of the first candle of a driven session",
    )
    prices: dict[str, Annotated[float, Field(gt=0, le=1e7)]] = Field(
        default_factory=dict, description="start price by symbol; else 50000 for BTC, 3000 for ETH, 100"
    )
    volatility: float = Field(default=0.8, gt=0, le=5, description="of returns, per year (0.8 is 80 %)")
    trend: float = Field(
        default=0.1, ge=0, le=2, description="drift of a trending regime, in candle volatilities per candle"
    )
    regime_candles: float = Field(default=120.0, ge=2, le=10_000, description="mean length of a regime")
    jump_chance: float = Field(default=0.002, ge=0, le=0.5, description="chance per candle of a large jump")
    gap_chance: float = Field(default=0.01, ge=0, le=0.5, description="chance per candle of an opening gap")
    missing_chance: float = Field(
        default=0.001, ge=0, le=0.5, description="chance per candle that it is missing"
    )
    hourly_turnover: float = Field(
        default=5e7, gt=0, le=1e12, description="typical turnover per hour, in quote"
    )

    def climate(self, timeframe_ms: int) -> MarketParameters:
        """Return the behaviour per candle of a timeframe."""
        return MarketParameters(
            sigma=self.volatility * (timeframe_ms / YEAR_MS) ** 0.5,
            trend=self.trend,
            switch=1.0 / self.regime_candles,
            jump=self.jump_chance,
            gap=self.gap_chance,
            missing=self.missing_chance,
            pull=min(timeframe_ms / PULL_MS, 1.0),
            turnover=self.hourly_turnover * timeframe_ms / HOUR_MS,
        )

    def scene(self, instrument: Instrument, timeframe_ms: int) -> Scene:
        """Return one symbol's market."""
        price = self.prices.get(instrument.symbol, PRICES.get(instrument.base, OTHER_PRICE))
        home = max(1, instrument.ticks(Decimal(str(price))))
        return Scene(
            self.seed, instrument.symbol, self.climate(timeframe_ms), home, instrument.tick, timeframe_ms
        )


class SimulatedMarket(DrivenMarket):
    """An endless seeded market for every instrument given, under its own time.

    Begins with `warmup` candles delivered together, the first at the settings' `start`. A symbol with
    a candle in `after` goes on behind it exactly as if it had never stopped. `beside` are instruments that
    are only looked at, of which the last `kept` candles are.
    """

    def __init__(
        self,
        settings: SimulatedSettings,
        instruments: Mapping[str, Instrument],
        timeframe_ms: int,
        after: Mapping[str, Candle] | None = None,
        *,
        warmup: int,
        lived_until: datetime | None = None,
        beside: Mapping[str, Instrument] | None = None,
        kept: int = 0,
    ) -> None:
        known = after or {}
        start = millis(settings.start)
        lived = [millis(lived_until)] if lived_until is not None else []
        lived += [candle.time for candle in known.values()]
        if lived:
            # A symbol that joins a later session brings a warm-up, not the years since the start.
            start = max(start, max(lived) - (warmup + 2) * timeframe_ms)
        cursors = {
            symbol: Cursor(
                _rows(settings.scene(instrument, timeframe_ms), start, known.get(symbol)),
                instrument,
                timeframe_ms,
                after=known.get(symbol),
                warmup=warmup,
            )
            for symbol, instrument in instruments.items()
        }
        others = {
            symbol: beside_cursor(
                _rows(settings.scene(instrument, timeframe_ms), start, known.get(symbol)),
                instrument,
                timeframe_ms,
                after=known.get(symbol),
                warmup=warmup,
                kept=kept,
                lived=lived_until is not None,
            )
            for symbol, instrument in (beside or {}).items()
        }
        super().__init__(cursors, Source.SIMULATED, lived_until=lived_until, beside=others)


def _rows(scene: Scene, start_ms: int, after: Candle | None) -> Rows:
    if after is None:
        number, close = slot(start_ms - 1, scene.timeframe_ms) + 1, scene.home
    else:
        number, close = slot(after.time, scene.timeframe_ms) + 1, after.close
    walk = scene.walk(number)
    while True:
        shape = walk.step()
        candle = scene.candle(shape, number, close)
        number, close = number + 1, candle.close
        if not shape.missing:
            yield scene.raw(candle)


class SimulatedProvider:
    """The simulated market as a provider at the clock's time. Implements `Provider`.

    A series ends with the candle that is still forming; what has closed never changes. Its price
    begins at the anchor where there is one, else at the settings' price when first asked for.
    """

    name = Source.SIMULATED.value

    def __init__(self, settings: SimulatedSettings, instruments: Mapping[str, Instrument]) -> None:
        self._settings = settings
        self._instruments = dict(instruments)
        self._anchors: dict[str, tuple[int, int]] = {}
        self._tracks: dict[tuple[str, int], SimulatedSeries] = {}

    def anchor(self, symbol: str, price: int, time_ms: int) -> None:
        """Begin the symbol's market anew at `price` ticks, true at `time_ms`."""
        self._anchors[symbol] = (price, time_ms)
        for key in [key for key in self._tracks if key[0] == symbol]:
            del self._tracks[key]

    def candles(self, request: CandleRequest) -> tuple[RawCandle, ...]:
        """Return candles oldest first, of more than `limit` the oldest. Raises Refused for another symbol."""
        instrument = self._instruments.get(request.symbol)
        if instrument is None:
            raise Refused(f"symbol {request.symbol} is not simulated: {', '.join(self._instruments)}")
        scene = self._settings.scene(instrument, request.timeframe_ms)
        result = self._track(scene, request).candles(request.since_ms, request.now_ms)
        return tuple(scene.raw(candle) for candle in result[: request.limit])

    def _track(self, scene: Scene, request: CandleRequest) -> SimulatedSeries:
        key = (scene.symbol, scene.timeframe_ms)
        track = self._tracks.get(key)
        if track is None:
            price, at_ms = self._anchors.get(scene.symbol, (scene.home, request.now_ms))
            # The anchor is home as well: the walk must not be pulled away from it.
            track = SimulatedSeries(scene._replace(home=price), price, at_ms, _past(request, at_ms))
        if track.behind(request.now_ms) > HISTORY:
            # Nobody looked for long: the price stood still instead of being walked through all of it.
            track = SimulatedSeries(track.scene, track.price, request.now_ms, _past(request, request.now_ms))
        self._tracks[key] = track
        return track

    def close(self) -> None:
        """Nothing is held."""


def _past(request: CandleRequest, at_ms: int) -> int:
    """Return how many candles before `at_ms` a request asks for, at most HISTORY."""
    length = request.timeframe_ms
    return min(max(slot(at_ms, length) - slot(request.since_ms, length) + 1, 0), HISTORY)
