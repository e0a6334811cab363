"""Answers: raw bytes become advice, or the reason why they do not. Pure.

What a model wrote is read without benefit of the doubt: one JSON object, no key twice, three fields of their
types and within their limits, no other. A vote that contradicts its probability or its role is refused, for
who does not keep to the question is not understood.
"""

from collections.abc import Callable, Sequence
from math import exp, log
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from domain.advice import AdviserAnswer, Role, Usage
from edge import strict_json
from edge.strict_json import Json
from edge.typed_json import reader

MOST_REASONS, LONGEST_REASON = 5, 600
CERTAIN = 0.99
"""No answer counts as surer than this: the log-odds of certainty are endless."""

ALLOWED = {
    Role.ANALYST: (-1, 0, 1),
    Role.BULL: (0, 1),
    Role.BEAR: (-1, 0),
    Role.CRITIC: (-1, 0),
}


class EnvelopeContent(NamedTuple):
    """The content of an envelope: the text the model wrote, what it says it took, and what was wrong."""

    text: str
    usage: Usage | None
    wrong: str = ""


class ReadAnswer(NamedTuple):
    """One answer, read: vote, probability and reason."""

    vote: int
    probability: float
    reason: str


_Reason = Annotated[str, Meta(max_length=LONGEST_REASON)]


class _Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vote: Literal[-1, 0, 1]
    probability: Annotated[float, Meta(ge=0.0, le=1.0)]
    reasons: Annotated[tuple[_Reason, ...], Meta(max_length=MOST_REASONS)]


_written: Callable[[str], _Written] = reader(_Written)


def read_answer(text: str, role: Role) -> ReadAnswer | str:
    """Return what a model wrote, read; or, as a text, what is wrong with it."""
    try:
        strict_json.parse(text)
        written = _written(text)
    except strict_json.Unsound as error:
        return f"the answer {error}"
    except ValueError as error:
        return f"the answer is not what was asked for: {str(error)[:120]}"
    vote, probability = written.vote, written.probability
    if vote not in ALLOWED[role]:
        return f"a {role} voted {vote}"
    if (vote > 0 and probability < 0.5) or (vote < 0 and probability > 0.5):
        return f"a vote of {vote} contradicts a probability of {probability:g}"
    return ReadAnswer(vote, probability, "; ".join(written.reasons))


def combined(opinions: Sequence[ReadAnswer]) -> ReadAnswer:
    """Return several independent answers as one: the mean of the log-odds, and the side of most votes.

    A side that contradicts the mean abstains. Raises ValueError for none.
    """
    if not opinions:
        raise ValueError("no answer to combine")
    odds = sum(_log_odds(each.probability) for each in opinions) / len(opinions)
    probability = 1.0 / (1.0 + exp(-odds))
    pull = sum(each.vote for each in opinions)
    vote = (pull > 0) - (pull < 0)
    if vote * (probability - 0.5) < 0.0:
        vote = 0
    reasons = [each.reason for each in opinions if each.vote == vote and each.reason]
    return ReadAnswer(vote, round(probability, 6), reasons[0] if reasons else "")


def _log_odds(probability: float) -> float:
    kept = min(CERTAIN, max(1.0 - CERTAIN, probability))
    return log(kept / (1.0 - kept))


def count(value: Json) -> int | None:
    """Return a count of tokens from an envelope, None where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else None


def envelope(answer: AdviserAnswer) -> dict[str, Json] | str:
    """Return the envelope of an answer as sound JSON; or, as a text, what came instead."""
    if answer.fault:
        return answer.fault
    if answer.status != 200:
        return f"the server answered with status {answer.status}"
    try:
        opened = strict_json.decode(answer.body)
    except Exception as error:  # noqa: BLE001 -- whatever a stranger sends, it is said in words and used for nothing
        return str(error)[:200]
    return opened if isinstance(opened, dict) else "the answer is no JSON object"
