"""The random walk behind the simulated market, one candle at a time.

Regimes (up, down, range) switch like a Markov chain; volatility is clustered (the logarithm of it is
an AR(1) process, as in stochastic-volatility models: Taylor 1986); now and then there is a jump with
a Pareto tail or an opening gap. Returns depend on seed, symbol and place in time only, never on the
price, so a walk may be entered anywhere: randomness begins anew every EPOCH candles.
"""

from hashlib import sha256
from math import exp, log
from random import Random
from typing import NamedTuple

from domain.candle import Candle

EPOCH = 512
UP, DOWN, RANGE = 0, 1, 2
REGIME_VOLATILITY = (1.0, 1.3, 0.7)
"""Volatility of each regime against the average: falls are rough, ranges are calm."""
PERSISTENCE, LOG_VOLATILITY_STEP = 0.97, 0.12
SPREAD = LOG_VOLATILITY_STEP / (1 - PERSISTENCE**2) ** 0.5
"""Stationary standard deviation of log-volatility."""
RANGE_PULL = 0.08
JUMP_SIGMAS = 5.0
MOST_BODY, MOST_GAP, MOST_WICK = 0.35, 0.1, 0.1
"""Largest logarithmic moves: together they stay inside the price collar (log 3)."""
REACH = 100.0
"""How many times, up or down, a price may get away from home, whatever the settings."""


class MarketParameters(NamedTuple):
    """The parameters of a simulated market, per candle.

    `sigma` is the volatility, `trend` the drift of a trending regime in sigmas, `turnover` the typical
    turnover in quote. `switch`, `jump`, `gap` and `missing` are chances. `pull` is the share of the
    logarithmic distance from the home price that is won back.
    """

    sigma: float
    trend: float
    switch: float
    jump: float
    gap: float
    missing: float
    pull: float
    turnover: float


class Shape(NamedTuple):
    """One candle without a price: logarithmic opening gap, body and wicks, and volume (1 is typical)."""

    gap: float
    body: float
    above: float
    below: float
    volume_factor: float
    missing: bool


class RandomWalk:
    """An endless row of shapes, the first being the one at `slot` (candles since 1970)."""

    def __init__(self, climate: MarketParameters, seed: int, symbol: str, slot: int) -> None:
        self._climate = climate
        self._name = f"{seed}|{symbol}"
        self.regime = RANGE
        self._epoch, self._left = slot // EPOCH, 0
        self._random = Random(0)  # noqa: S311  # a simulation; replaced by _enter
        self._log_volatility = self._deviation = 0.0
        self._enter()
        for _ in range(slot % EPOCH):
            self.step()

    def _enter(self) -> None:
        """Begin the epoch: regime and volatility are drawn from their stationary distributions."""
        digest = sha256(f"{self._name}|{self._epoch}".encode()).digest()
        self._random = Random(int.from_bytes(digest))  # noqa: S311  # a simulation, seeded to be repeatable
        self.regime = self._random.choice((UP, DOWN, RANGE))
        self._log_volatility = self._random.gauss(0.0, SPREAD)
        self._deviation = 0.0
        self._left = EPOCH

    def step(self) -> Shape:
        """Return the next shape."""
        if not self._left:
            self._epoch += 1
            self._enter()
        self._left -= 1
        self._switch()
        sigma = self._volatility()
        body = self._body(sigma)
        self._deviation += body
        chance, gauss = self._random.random, self._random.gauss
        gap = gauss(0.0, 0.05 * sigma)
        if chance() < self._climate.gap:
            gap += gauss(0.0, 3.0 * sigma)
        above = min(abs(gauss(0.0, 0.5 * sigma)), MOST_WICK)
        below = min(abs(gauss(0.0, 0.5 * sigma)), MOST_WICK)
        size = (abs(body) + above + below) / self._climate.sigma
        volume_factor = (0.2 + 0.6 * size) * exp(gauss(0.0, 0.35))
        missing = chance() < self._climate.missing
        return Shape(_within(gap, MOST_GAP), body, above, below, volume_factor, missing)

    def _switch(self) -> None:
        if self._random.random() < self._climate.switch:
            others = [regime for regime in (UP, DOWN, RANGE) if regime != self.regime]
            self.regime = self._random.choice(others)
            self._deviation = 0.0

    def _volatility(self) -> float:
        self._log_volatility = PERSISTENCE * self._log_volatility + self._random.gauss(
            0.0, LOG_VOLATILITY_STEP
        )
        # Less SPREAD squared, so that the mean square is the climate's.
        return self._climate.sigma * REGIME_VOLATILITY[self.regime] * exp(self._log_volatility - SPREAD**2)

    def _body(self, sigma: float) -> float:
        move = self._random.gauss(0.0, sigma)
        if self._random.random() < self._climate.jump:
            size = JUMP_SIGMAS * sigma * self._random.paretovariate(3.0)
            move += self._random.choice((-size, size))
            self._log_volatility += 0.8  # a jump stirs the market up
        if self.regime == RANGE:
            move -= RANGE_PULL * self._deviation
        else:
            drift = self._climate.trend * self._climate.sigma
            move += drift if self.regime == UP else -drift
        return _within(move, MOST_BODY)


def drawn(
    shape: Shape, climate: MarketParameters, time: int, before: int, *, home: int, tick: float
) -> Candle:
    """Return the candle of a shape after a close of `before`, near a `home` price, both in ticks."""
    gap, body, above, below, volume_factor, _ = shape
    lowest, highest = max(home / REACH, 1.0), home * REACH
    opened = min(max(before * exp(gap), lowest), highest)
    closed = min(max(opened * exp(body + climate.pull * log(home / opened)), lowest), highest)
    top, bottom = (closed, opened) if closed > opened else (opened, closed)
    # Rounding keeps order, so the wicks end outside the body.
    high, low = round(top * exp(above)), max(1, round(bottom * exp(-below)))
    close = round(closed)
    return Candle(
        time, round(opened), high, low, close, round(climate.turnover * volume_factor / (close * tick), 6)
    )


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))
