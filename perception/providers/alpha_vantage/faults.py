"""Failures of Alpha Vantage, recognised by their text: HTTP 200 carries them.

The texts overlap (the one about bursts also names premium plans and the daily limit, the one in the place
of premium data the requests a minute of the plans), so the order of TELLTALES is the rule: burst,
entitlement in the singular, limits, entitlement, auth, invalid input.
"""

import re
from typing import NamedTuple

from domain.errors import BadAnswer, NoData, Refused, VenueFault
from edge.strict_json import Json, decode
from perception.guard.faults import Pointless, Wait, inert
from perception.providers.alpha_vantage import csv

SPEAKING = ("Error Message", "Information", "Note", "message")
HOUR = 3600.0


class Telltale(NamedTuple):
    """Words that give a failure away, what it is called, and what it is."""

    words: re.Pattern[str]
    name: str
    kind: type[VenueFault]
    silence_seconds: float = 0.0


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


TELLTALES = (
    Telltale(_words(r"\d+ requests? per second|burst pattern"), "too many requests at once", Wait, 2.0),
    # "This is a premium endpoint" is said of what was asked for; "all premium endpoints" is said in passing.
    Telltale(_words(r"premium (api )?(endpoint|feature|function)\b"), "needs a premium key", Refused),
    Telltale(_words(r"\d+ (requests|calls) per minute"), "too many requests a minute", Wait, 60.0),
    Telltale(_words(r"\d+ (requests|calls) per day"), "the day's requests are used up", Wait, HOUR),
    Telltale(_words(r"higher api (request|call) (volume|frequency)"), "too many requests", Wait, 60.0),
    Telltale(_words(r"premium (endpoint|feature)"), "needs a premium key", Refused),
    Telltale(_words(r"apikey|\bdemo\b|api key is invalid"), "the key is not accepted", Refused),
    Telltale(_words(r"no articles found"), "no articles", NoData),
    Telltale(_words(r"invalid api call|invalid inputs?"), "does not know what was asked for", Refused),
)


def read(body: bytes, key: str, function: str = "") -> dict[str, Json]:
    """Return the document of an answer to `function` that holds data, JSON or CSV.

    Raises what a failure text means, NoData for an empty document and BadAnswer for anything
    else. The venue's own words are shown only where ours fail, with the key struck out.
    """
    if csv.is_csv(body):
        return csv.document(body, function)
    document = decode(body)
    if not isinstance(document, dict):
        raise BadAnswer("answer is not a json object")
    spoken = [name for name in SPEAKING if name in document]
    if spoken:
        text = " ".join(str(document[name]) for name in spoken)
        raise _fault(text, key, permanent="Error Message" in spoken)
    if all(value in ({}, []) for value in document.values()):
        raise NoData("answer holds no data")
    return document


def _fault(text: str, key: str, *, permanent: bool) -> VenueFault:
    for words, name, kind, silence in TELLTALES:
        if words.search(text):
            return Wait(f"alpha vantage: {name}", silence) if kind is Wait else kind(f"alpha vantage: {name}")
    message = f"alpha vantage says: {inert(text, key)}"
    return Refused(message) if permanent else Pointless(message)
