"""Cleaning of text from outside: cut, printable, on one line; and masked, where no model is to know the day.

What people write on the web may be written for the model that reads it. Cleaning takes away what nobody sees
and what could pass for the structure around it; it makes no text harmless. What protects an account is that
advice can do no more than hold an entry back.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

HEADLINE, MOST_HEADLINES = 300, 10
REASON = 200
MARKS = 2
"""Marks that one letter may carry, accents among them; towers of them hide what they stand on."""

UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]+"
)
"""What Python calls printable and nobody sees: fillers, blanks, and selectors, which can carry any bytes."""

ASSET, DATE, AMOUNT = "asset A", "DATE", "AMOUNT"


def cleaned(text: str, longest: int = REASON) -> str:
    """Return a text as one line of printable characters, at most `longest` of them.

    Compatibility forms become plain letters (NFKC). Control characters, marks of direction, what has no
    width or is not seen, tags, halves of pairs and private characters are dropped; line ends and other blanks
    become one space.
    """
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", text[: 8 * longest]))
    kept: list[str] = []
    marks = 0
    for letter in plain:
        if letter.isspace():
            kept.append(" ")
        elif unicodedata.category(letter) in ("Mn", "Me"):
            marks += 1
            kept.append(letter if marks <= MARKS else "")
        elif letter.isprintable():
            marks = 0
            kept.append(letter)
    line = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    return line[:longest].rstrip()


def headlines(titles: Iterable[str], names: Sequence[str] = (), *, masked: bool = False) -> tuple[str, ...]:
    """Return titles, newest first as they come, fit for a question: cleaned, each once, ten at most.

    With `masked` dates, amounts and the `names` of what is traded are replaced.
    """
    kept: dict[str, None] = {}
    for title in titles:
        text = cleaned(title, HEADLINE)
        if text:
            kept[mask(text, names) if masked else text] = None
        if len(kept) == MOST_HEADLINES:
            break
    return tuple(kept)


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"[0-3]?\d(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_DATES = re.compile(
    rf"""\b(?:
        {_YEAR}[-/.]\d\d?(?:[-/.]\d\d?)?(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?   # 2023-03-16T22:15
        | [0-3]?\d[-/.][0-3]?\d[-/.](?:\d\d)?\d\d                          # 16/03/2023
        | {_DAY}\s+{_MONTH}(?:,?\s+{_YEAR})?                               # 16 March 2023
        | {_MONTH}\s+{_DAY}(?:,?\s+{_YEAR})?\b                             # March 16, 2023
        | {_MONTH},?\s+{_YEAR}
        | (?:Q[1-4]|H[12])[\s/-]*(?:{_YEAR}|'?\d\d)
        | (?:FY\s?)?{_YEAR}s?
    )(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
_AMOUNTS = re.compile(
    r"(?:[$€£¥]|\b(?:USD|USDT|EUR|GBP)\s?)\d[\d,.]*(?:\s?(?:k|m|bn?|tn?|thousand|million|billion|trillion)\b)?"
    r"|\b\d[\d,.]*(?:k|\s(?:thousand|million|billion|trillion))?\s?(?:USDT?|dollars|EUR|euros?)\b"
    r"|\b\d+[.,]?\d*k\b|\b\d{1,3}(?:,\d{3})+(?:\.\d+)?\b",
    re.IGNORECASE,
)


def mask(text: str, names: Sequence[str]) -> str:
    """Return a text without dates, amounts of money and names of what is traded.

    `names` are matched as words, in any case, the longest first. Masking makes it harder for a model to
    remember what came of a day; it proves nothing, and makes no backtest clean.
    """
    masked = _DATES.sub(DATE, text)
    masked = _AMOUNTS.sub(AMOUNT, masked)
    words = sorted({each for each in names if each}, key=lambda each: (-len(each), each))
    if words:
        either = "|".join(map(re.escape, words))
        masked = re.sub(rf"(?<!\w)[$#]?(?:{either})(?!\w)", ASSET, masked, flags=re.IGNORECASE)
    return masked


KNOWN_NAMES = {
    "ADA": ("cardano",), "BNB": ("binance coin",), "BTC": ("bitcoin", "xbt"), "DOGE": ("dogecoin",),
    "ETH": ("ethereum", "ether"), "LTC": ("litecoin",), "SOL": ("solana",), "XRP": ("ripple",),
}  # fmt: skip
"""What coins are called beside their ticker."""


def names_of(symbol: str) -> tuple[str, ...]:
    """Return what a symbol such as BTC-USDT is called in headlines."""
    base, _, quote = symbol.partition("-")
    pairs = (f"{base}{quote}", f"{base}/{quote}", f"{base}-{quote}") if quote else ()
    return (base, *pairs, *KNOWN_NAMES.get(base, ()))
