"""The symbol and timeframe in a candle file's name, in the ways providers name their files.

`BTC-USDT_1m_2023.csv`, `BTCUSDT-1m-2024-01.zip`, `BTC_USDT-1h.feather`, `Binance_BTCUSDT_1h.csv`,
`XBTUSD_60.csv`, `BINANCE_BTCUSDT, 60.csv`, `daily_IBM.csv`, `BRK.B_1d_2020.csv`. A name that is not
sure says nothing.
"""

import re
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from domain.symbols import QUOTES, is_symbol, ours, readings
from domain.times import MINUTE_MS, TIMEFRAMES

_ENDINGS = re.compile(r"(\.(csv|txt|tsv|json|gz|zip|parquet|feather))+$", re.IGNORECASE)
_TIMEFRAME = re.compile(r"[0-9]+(?:[smhdwM]|min|[DWHS])?")
_MINUTES = re.compile(r"[0-9]+min")
_EXCHANGE = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_WORDS = {
    "minute": "1m", "hour": "1h", "day": "1d", "d": "1d", "daily": "1d", "weekly": "1w", "monthly": "1M",
    "1D": "1d", "D": "1d", "1W": "1w", "W": "1w",
}  # fmt: skip
_AROUND = frozenset({"intraday", "adjusted", "full", "compact", "ohlcv", "spot"})
_CLASS = 1
"""Letters of a share's class: BRK-B is no pair."""


class Named(NamedTuple):
    """A symbol as a name has it, and what was made of it where it is not the same; or why there is none."""

    symbol: str | None
    said: str = ""


def named(path: Path, *, shares: bool = False) -> Named:
    """Return the symbol that a file's name says; `shares` takes a name such as AAPL.csv for a share."""
    words, timed = _parts(path)
    if len(words) == 3 and {*words[1:]} <= set(QUOTES):
        words = words[:2]  # futures of freqtrade's: BTC_USDT_USDT
    if len(words) == 1:
        return _single(words[0], timed=timed, shares=shares)
    if len(words) != 2:
        return Named(None)
    first, second = words
    dashed = timed and not readings(second) and path.name.startswith(f"{first}-{second}")
    if len(second) == _CLASS:
        return _found(f"{first}.{second}", path)
    if second in QUOTES or dashed:
        return _found(f"{ours(first)}-{ours(second)}", path)
    # An exchange in front: BINANCE_BTCUSDT, NASDAQ_AAPL. BTCUSD_PERP is no spot market.
    return Named(None) if readings(first) else _single(second, timed=timed, shares=True)


def length_of(path: Path) -> int | None:
    """Return the timeframe in ms that a file's name says; a number alone counts minutes, as Kraken's do."""
    for token in re.split(r"[_\-, ]+", _ENDINGS.sub("", path.name))[1:]:
        result = TIMEFRAMES.get(_WORDS.get(token, token))
        if result is not None:
            return result
        if token.isascii() and token.isdecimal() and int(token) * MINUTE_MS in TIMEFRAMES.values():
            return int(token) * MINUTE_MS
    return None


def _parts(path: Path) -> tuple[list[str], bool]:
    """Return the words of a name before its timeframe, and whether it has one."""
    tokens = re.split(r"[_\-, ]+", _ENDINGS.sub("", path.name))
    front = list(
        takewhile(lambda token: token in _WORDS or token in _AROUND or _MINUTES.fullmatch(token), tokens)
    )
    words: list[str] = []
    for token in tokens[len(front) :]:
        if words and (token in _WORDS or _TIMEFRAME.fullmatch(token)):
            return _named_words(words), True
        if not (_worded(token) or (not words and _EXCHANGE.fullmatch(token))):
            break
        words.append(token)
    return _named_words(words), bool(front)


def _named_words(words: list[str]) -> list[str]:
    # Binance_BTCUSDT names an exchange first; Bitcoin alone names no symbol.
    return words[1:] if words and not is_symbol(words[0]) else words


def _worded(token: str) -> bool:
    return is_symbol(token) and any(map(str.isalpha, token))


def _single(word: str, *, timed: bool, shares: bool) -> Named:
    pairs = readings(word)
    if len(pairs) > 1:
        return Named(None, f"{word} may be {' or '.join(pairs)}")
    if pairs and is_symbol(pairs[0]):
        return Named(pairs[0], f"{word} is {pairs[0]}")
    return Named(word) if is_symbol(word) and (timed or shares) else Named(None)


def _found(symbol: str, path: Path) -> Named:
    if not is_symbol(symbol):
        return Named(None)
    return Named(symbol, "" if path.name.startswith(symbol) else f"its name says {symbol}")
