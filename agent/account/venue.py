"""Opening the exchange of an account: tried again where it does not answer, and fit to be traded."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import tenacity

from agent import wiring
from agent.settings.settings import Options
from agent.state.state import State
from domain.errors import RateLimited, VenueFault
from domain.ports import Clock, Platform

if TYPE_CHECKING:
    from platforms.binance.platform import BinancePlatform

Examine = Callable[["BinancePlatform"], str]
"""Examines an account and returns what speaks against entries."""

OPENINGS = 8
"""How often an exchange that does not answer is tried before a session is given up."""

OUT_OF_TIME = -1021
"""The exchange's code for a request out of time: its clock leapt, and is measured before the next try."""


def open_venue(options: Options, clock: Clock, state: State, examine: Examine, gated: str) -> Platform:
    """Return the exchange, once it is fit to be traded; orders of an earlier session are known to it.

    What `examine` says, and why the session is `gated`, is held against entries. Only reads, so a hiccup is
    asked again. Raises VenueFault naming the exchange, BadSettings.
    """
    again = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(OPENINGS),
        wait=tenacity.wait_random_exponential(multiplier=0.3, max=3),
        retry=tenacity.retry_if_exception(_passing),
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        return again(_fit_venue, options, clock, state, examine, gated)
    except VenueFault as fault:
        raise VenueFault(f"exchange {options.exchange.host}: {fault}") from None


def _fit_venue(options: Options, clock: Clock, state: State, examine: Examine, gated: str) -> Platform:
    venue = wiring.exchange(options, clock, state)
    try:
        unfit = examine(venue)
    except RateLimited as silence:
        if not state.session:
            venue.close()
            raise
        # What an earlier session holds is protected and sold in a silence too, as far as exits go.
        unfit = f"the account could not be examined, begin the session anew: {silence}"
    except BaseException:
        venue.close()
        raise
    against = "; ".join(each for each in (unfit, gated) if each)
    if against:
        venue.hold_back("", against)
    venue.take_up(state.ledger.instruments, state.ledger.open_orders.values())
    return venue


def _passing(error: BaseException) -> bool:
    """Say whether a fault may pass by itself: a refusal (HTTP 4xx) will not, but for one out of time."""
    refused = 400 <= getattr(error, "status", 0) < 500 and getattr(error, "code", 0) != OUT_OF_TIME
    return isinstance(error, VenueFault) and not refused
