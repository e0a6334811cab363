"""Symbols as ours (`BTC-USDT`, `MSFT`), and what a name without a dash, such as `BTCUSDT`, can mean.

A symbol has capital letters and digits of any script, as exchanges list them (Binance: `币安人生-USDT`),
a pair one dash, a share perhaps a point (`BRK.B`). So it holds nothing that means anything to a shell, a
folder or the path of a URL.
"""

import re

_ASSET = r"[^\W_a-z](?:[^\W_a-z]|\.){0,19}"
ASSET = re.compile(r"[^\W_a-z]{1,20}")
SYMBOL = re.compile(rf"({_ASSET})(?:-([^\W_a-z]{{1,12}}))?")
LIKE = "BTC-USDT or MSFT"
"""What a symbol looks like, for messages."""

DOLLARS = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "USD1", "PYUSD", "RLUSD", "USDE", "DAI")
STATES = (
    "USD", "EUR", "GBP", "JPY", "AUD", "CAD", "CHF", "TRY", "BRL", "ARS", "MXN", "COP", "PLN", "RON", "CZK",
    "UAH", "RUB", "KRW", "IDR", "INR", "NGN", "ZAR", "THB", "SGD", "VAI", "EURI", "BIDR", "BKRW",
)  # fmt: skip
QUOTES = (*DOLLARS, *STATES, "BTC", "XBT", "ETH", "BNB")
"""What pairs are quoted in."""
WELL_KNOWN = frozenset(
    {
        "ADA", "ATOM", "AVAX", "BCH", "BNB", "BTC", "DOGE", "DOT", "ETC", "ETH", "LINK", "LTC", "MATIC",
        "NEAR", "PEPE", "SHIB", "SOL", "TRX", "UNI", "USDC", "USDT", "XBT", "XLM", "XRP",
    }
)  # fmt: skip
"""Bases that settle where a name can be split in two ways."""
_OTHER_NAMES = {"XBT": "BTC", "XDG": "DOGE"}


def is_symbol(text: str) -> bool:
    """Tell whether a text is a symbol."""
    return SYMBOL.fullmatch(text) is not None


def parts(symbol: str) -> tuple[str, str] | None:
    """Return base and quote of a symbol, the quote "" for a share; None for what is no symbol."""
    match = SYMBOL.fullmatch(symbol)
    return None if match is None else (match[1], match[2] or "")


def readings(name: str) -> tuple[str, ...]:
    """Return the pairs that a name such as `BTCUSDT` can mean, the only likely one where there is one.

    Kraken's XBT and XDG are BTC and DOGE. A base of one letter is believed before a dollar coin only: GBTC
    is a share.
    """
    results = [
        (name[: -len(quote)], quote) for quote in QUOTES if name.endswith(quote) and _base(name, quote)
    ]
    likely = [pair for pair in results if pair[0] in WELL_KNOWN]
    chosen = likely if len(likely) == 1 else results
    return tuple(f"{ours(base)}-{ours(quote)}" for base, quote in chosen)


def ours(asset: str) -> str:
    """Return an asset by the name it has here."""
    return _OTHER_NAMES.get(asset, asset)


def _base(name: str, quote: str) -> bool:
    base = name[: -len(quote)]
    return ASSET.fullmatch(base) is not None and (len(base) > 1 or quote in DOLLARS)


def spelled(text: str) -> str:
    """Return a symbol as people write it in ours: `BTC/USDT`, `btc_usdt` and `BTCUSDT` are `BTC-USDT`.

    A name without a separator is taken for a pair only where its base is well known, for it may be a share.
    What is no symbol either way is returned as it is.
    """
    base, separator, quote = re.sub("[/_]", "-", text.strip()).partition("-")
    if separator:
        pair = f"{base}-{quote}".upper()
        return pair if is_symbol(pair) else text
    known = [each for each in readings(text.strip().upper()) if each.partition("-")[0] in WELL_KNOWN]
    return known[0] if len(known) == 1 else text


def spelled_all(value: object) -> object:
    """Return symbols, a list or a text with commas between them, in ours; anything else as it is."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(spelled(each) if isinstance(each, str) else each for each in parts)
