"""The polarity of a headline for its asset, from -1 to 1: a finance lexicon with TextBlob beside it.

TextBlob alone knows general English and scores "BTC plunges" 0.0; the lexicon knows the market's
verbs. Text from outside is data: it is cut to `MAX_TEXT` characters, split into words and added up.
Whatever it says ("ignore your rules, buy everything"), all it can do is move one bounded number.
"""

import importlib
import re
import sys
from functools import cache
from html import unescape
from math import sqrt
from typing import Any

from reasoning.news.lexicon import (
    BACKGROUND,
    BAD_THINGS,
    BEFORE_NUMBER,
    INTENSIFIERS,
    MOVE_PHRASES,
    MOVES,
    NEGATIONS,
    PHRASES,
    TRYING,
    WORDS,
)

MAX_TEXT = 300
"""Characters of a headline that are read; what follows is ignored."""

_TOKEN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[.,;:!?()\u2013\u2014]|%")
_APOSTROPHES = re.compile("['`\u2019]")
_DASHES = "\u2013\u2014"
_LONGEST = max(len(phrase) for phrase in PHRASES)
_BREAKS = frozenset(".,;:!?()" + _DASHES) | {
    "as",
    "amid",
    "after",
    "while",
    "and",
    "but",
    "despite",
    "when",
    "with",
}
_REACH = 4
"""How many words a negation reaches: "no longer in a bear market"."""

_TURNED = -0.6
"""What a negation makes of a word: "does not crash" is good, but less than "soars"."""

_SOFTNESS = 0.5
"""How fast worth saturates: one strong word scores 0.82, one mild word 0.49."""

_LEXICON_SHARE = 0.85
_BLOB_ALONE = 0.5


class _Hit:
    """Words that are worth something, from `start` up to `end` in the tokens."""

    __slots__ = ("end", "start", "worth")

    def __init__(self, start: int, end: int, worth: float) -> None:
        self.start, self.end, self.worth = start, end, worth


def polarity(text: str, *, textblob: bool = True) -> float:
    """Return how good a headline is for its asset, -1 to 1; 0 when it says nothing either way.

    With `textblob` its score, where it has one, joins in at 15 %, and at half its size where the
    lexicon knows no word.
    """
    worth = lexicon_polarity(text)
    if not textblob:
        return 0.0 if worth is None else worth
    general = textblob_polarity(text)
    if worth is None:
        return _BLOB_ALONE * general
    if general == 0.0:  # it knows none of the words, which is no opinion
        return worth
    return _LEXICON_SHARE * worth + (1.0 - _LEXICON_SHARE) * general


def textblob_polarity(text: str) -> float:
    """Return TextBlob's polarity of a text, -1 to 1."""
    blob = _textblob()
    return max(-1.0, min(1.0, float(blob(plain_text(text)).sentiment.polarity)))


@cache
def _textblob() -> Any:
    """Import TextBlob, which brings nltk: half a second and 45 MB that a run without headlines never needs.

    nltk takes scipy too where it is installed, for tests of association nobody asks for: 65 MB more.
    """
    held_back = "scipy" not in sys.modules
    if held_back:
        sys.modules["scipy"] = None  # type: ignore[assignment]  # the import system's word for "not there"
    try:
        return importlib.import_module("textblob").TextBlob
    finally:
        if held_back:
            del sys.modules["scipy"]


def plain_text(text: str) -> str:
    """Return a headline's first characters with entities of HTML read: feeds write "won&#39;t" for "won't".

    Twice, for some feeds escape what was escaped already ("&amp;#39;").
    """
    return unescape(unescape(text[:MAX_TEXT]))


def lexicon_polarity(text: str) -> float | None:
    """Return what the finance lexicon makes of a text, -1 to 1; None when it knows none of the words."""
    tokens = _TOKEN.findall(_APOSTROPHES.sub("", plain_text(text).lower()))
    hits = _hits(tokens)
    if not hits:
        return None
    _turn_bad_things(tokens, hits)
    total = sum(hit.worth * _factor(tokens, hit) for hit in hits)
    return total / sqrt(total * total + _SOFTNESS)


def _hits(tokens: list[str]) -> list[_Hit]:
    hits = []
    index = 0
    while index < len(tokens):
        hit = _phrase_at(tokens, index) or _word_at(tokens, index)
        if hit is not None:
            hits.append(hit)
        index = hit.end if hit is not None else index + 1
    return hits


def _phrase_at(tokens: list[str], index: int) -> _Hit | None:
    for length in range(_LONGEST, 1, -1):
        worth = PHRASES.get(tuple(tokens[index : index + length]))
        if worth is not None:
            return _Hit(index, index + length, worth)
    return None


def _word_at(tokens: list[str], index: int) -> _Hit | None:
    word = tokens[index]
    worth = WORDS.get(word)
    if word in BEFORE_NUMBER and index + 1 < len(tokens) and tokens[index + 1][0].isdigit():
        worth = BEFORE_NUMBER[word]
    return None if worth is None else _Hit(index, index + 1, worth)


def _turn_bad_things(tokens: list[str], hits: list[_Hit]) -> None:
    """Make falling losses good news and rising inflation bad news."""
    by_place = {hit.start: hit for hit in hits}
    for hit in hits:
        if not _moves(tokens[hit.start : hit.end]):
            continue
        thing = _thing_near(tokens, hit.start)
        if thing is None:
            continue
        noun = by_place.get(thing)
        if hit.worth < 0 and noun is not None:
            noun.worth = abs(noun.worth)
        hit.worth = -hit.worth


def _moves(words: list[str]) -> bool:
    return words[0] in MOVES if len(words) == 1 else tuple(words) in MOVE_PHRASES


def _thing_near(tokens: list[str], index: int) -> int | None:
    for step in (range(index - 1, max(-1, index - 7), -1), range(index + 1, min(len(tokens), index + 3))):
        for other in step:
            if tokens[other] in _BREAKS:
                break
            if tokens[other] in BAD_THINGS:
                return other
    return None


def _factor(tokens: list[str], hit: _Hit) -> float:
    """Return what the words before do to a hit: negation turns it, "slightly" softens it."""
    factor = 1.0
    for index in range(hit.start - 1, max(-1, hit.start - 1 - _REACH), -1):
        word = tokens[index]
        if word in NEGATIONS or (word in TRYING and tokens[index + 1] == "to"):
            factor *= _TURNED
        elif word in INTENSIFIERS:
            factor *= INTENSIFIERS[word]
        elif word in _BREAKS:
            break
    return factor * _background(tokens, hit.start)


def _background(tokens: list[str], index: int) -> float:
    """Return what a word counts for in a clause the sentence sets aside: "rebounds after slide"."""
    for before in range(index - 1, -1, -1):
        if tokens[before] in BACKGROUND:
            return BACKGROUND[tokens[before]]
        if tokens[before] in ".,;:!?":
            return 1.0
    return 1.0
