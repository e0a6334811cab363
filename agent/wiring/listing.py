"""Grids of a paper session's symbols on a live market: the exchange's listing, else its candles' digits.

Asked for once, before a session begins, and only for symbols whose grid is not known here. What was found is
kept in the home, so that a later session has it without a network.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from agent.settings.grids import settings_of, told_by, with_listing
from agent.settings.instruments import InstrumentSettings, is_listed
from agent.settings.settings import Options
from domain.errors import BadInput, VenueFault
from domain.ports import CandleRequest, Clock
from domain.times import millis
from edge.files import write_whole
from edge.strict_json import shallow
from perception import build
from perception.build import GuardedBinance

KEPT = "grids.json"
SECONDS = 5.0
"""What a session's beginning waits for a listing, and for the candles that stand in for one."""
CANDLES = 200


def live_grids(options: Options, clock: Clock, home: Path) -> Options:
    """Return the options with the grids of pairs that only the exchange knows; those nobody tells stay.

    Nothing is asked where the market is not a live one, or the exchange's own grid is traded on.
    """
    options = with_listing(options)
    if options.driven or options.remote or options.provider == "alpha_vantage":
        return options
    symbols = (*options.symbols, *options.beside)
    unknown = [each for each in symbols if each not in options.instruments and not is_listed(each)]
    if not unknown:
        return options
    binance = build.binance(options.binance, options.perception, clock, home)
    try:
        result = {symbol: _of(binance, symbol, options, clock) for symbol in unknown}
    finally:
        binance.close()
    new = {symbol: grid for symbol, grid in result.items() if grid is not None}
    _keep(home / KEPT, new)
    new = _kept(home / KEPT, set(unknown) - new.keys()) | new
    return options.model_copy(update={"instruments": {**options.instruments, **new}})


def _of(binance: GuardedBinance, symbol: str, options: Options, clock: Clock) -> InstrumentSettings | None:
    ways: Iterable[Callable[[], InstrumentSettings]] = (
        lambda: settings_of(binance.listed(symbol, SECONDS)),
        lambda: told_by(symbol, _prices(binance, symbol, options, clock)),
    )
    for way in ways:
        with suppress(VenueFault, BadInput):
            return way()
    return None


def _prices(binance: GuardedBinance, symbol: str, options: Options, clock: Clock) -> list[float]:
    now_ms, step = millis(clock.now()), options.timeframe_ms
    request = CandleRequest(symbol, step, now_ms - CANDLES * step, now_ms, CANDLES)
    return [price for candle in binance.candles(request, SECONDS) for price in candle[1:5]]


def _keep(path: Path, grids: dict[str, InstrumentSettings]) -> None:
    """Remember grids; one that cannot be written is asked for again."""
    if grids:
        answer = {**_read(path), **{name: each.model_dump(mode="json") for name, each in grids.items()}}
        with suppress(OSError):
            write_whole(path, json.dumps(answer, indent=1).encode())


def _kept(path: Path, symbols: set[str]) -> dict[str, InstrumentSettings]:
    result = {}
    for name, grid in _read(path).items():
        if name in symbols:
            with suppress(ValueError):
                result[name] = InstrumentSettings.model_validate(grid)
    return result


def _read(path: Path) -> dict[str, dict[str, Decimal | str]]:
    with suppress(OSError, ValueError):
        answer = json.loads(shallow(path.read_text()))
        return answer if isinstance(answer, dict) else {}
    return {}
