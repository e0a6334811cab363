"""The script of a model server: which answer a question gets, and which faults strike it.

What is drawn is drawn from the seed, the question's bytes and how often these came before, so that
questions asked side by side are answered alike in whatever order they arrive. `skip`, `count` and the order
of scripted answers go by arrival.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from platforms.sandbox.faults.faults import Fault, Field, read_plan
from platforms.sandbox.model.faults import KINDS

Plain = dict[str, Any]

ANSWER: dict[str, Field] = {
    "model": Field("a model's name, or a pattern such as big-*", (str,), "*"),
    "count": Field("a whole number from 1", (int,), None, 1),
    "vote": Field("-1, 0 or 1", (int,), 0, choices=(-1, 0, 1)),
    "probability": Field("a number from 0 to 1", (int, float), 0.5, 0, 1),
    "reasons": Field("a list of texts", (list,), []),
    "text": Field("a text, given as it is in place of the other fields", (str,)),
}
"""The fields of a scripted answer."""

REASONS = ("the trend holds", "volume fades", "the range is narrow", "the move is stretched")


class Prepared(msgspec.Struct, frozen=True):
    """The answer prepared for one question: its text, and the faults that strike it."""

    text: str
    faults: tuple[Fault, ...] = ()

    def fault(self, *kinds: str) -> Fault | None:
        """Return the first fault of these kinds."""
        return next((each for each in self.faults if each.kind in kinds), None)


@dataclass
class _Taken:
    """A row of the script, with how many questions it let pass and how many it took."""

    fields: Mapping[str, Any]
    passed: int = 0
    taken: int = 0

    def takes(self, model: str) -> bool:
        """Take a question unless it is not of this row; counts."""
        if not fnmatchcase(model, self.fields["model"]):
            return False
        if self.passed < self.fields.get("skip", 0):
            self.passed += 1
            return False
        limit = self.fields["count"]
        return limit is None or self.taken < limit


class Script:
    """Answers and faults in force. Not for several threads at once."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._asked: Counter[str] = Counter()
        self._faults: list[tuple[Fault, _Taken]] = []
        self._answers: list[_Taken] = []

    def load(self, table: Mapping[str, Any]) -> None:
        """Add a plan's faults and answers. Raises ValueError with one line for each mistake."""
        answers, wrong = _answers(table.get("answer", []))
        try:
            seed, faults = read_plan(table, KINDS, beside=("answer",))
        except ValueError as error:
            wrong.insert(0, str(error))
        if wrong:
            raise ValueError("\n".join(wrong))
        self._seed = self._seed if seed is None else seed
        self._faults += [(each, _Taken(each.values)) for each in faults]
        self._answers += [_Taken(each) for each in answers]

    def clear(self) -> None:
        """Put nothing in force any more."""
        self._faults.clear()
        self._answers.clear()

    def told(self) -> list[Plain]:
        """Return the faults with how often each struck."""
        return [
            {"kind": fault.kind, **{k: v for k, v in fault.values.items() if v is not None and k != "kind"}}
            | {"fired": fault.fired}
            for fault, _ in self._faults
        ]

    def prepare(self, model: str, body: bytes) -> Prepared:
        """Return what comes back for a question with this body."""
        digest = hashlib.sha256(body).hexdigest()
        name = f"{self._seed}:{digest}:{self._asked[digest]}"
        self._asked[digest] += 1
        struck = tuple(self._struck(model, name))
        return Prepared(self._text(model, name), struck)

    def _struck(self, model: str, name: str) -> Iterator[Fault]:
        for number, (fault, row) in enumerate(self._faults):
            if row.takes(model) and _chance(f"{name}:{number}") < fault["probability"]:
                fault.fired += 1
                row.taken += 1
                yield fault

    def _text(self, model: str, name: str) -> str:
        for row in self._answers:
            if row.takes(model):
                row.taken += 1
                return _scripted(row.fields)
        return _drawn(random.Random(name))  # noqa: S311 -- seeded on purpose


def _chance(name: str) -> float:
    return random.Random(name).random()  # noqa: S311 -- seeded on purpose


def _scripted(fields: Mapping[str, Any]) -> str:
    if fields["text"] is not None:
        return str(fields["text"])
    return answer_text(fields["vote"], fields["probability"], fields["reasons"])


def _drawn(dice: random.Random) -> str:
    vote = dice.choice((-1, 0, 1))
    probability = round(0.5 + vote * dice.uniform(0.05, 0.3), 2)
    return answer_text(vote, probability, [dice.choice(REASONS)])


def answer_text(vote: int, probability: float, reasons: list[str]) -> str:
    """Return a sound answer as a model writes it."""
    return msgspec.json.encode({"vote": vote, "probability": probability, "reasons": reasons}).decode()


def _answers(rows: Any) -> tuple[list[Plain], list[str]]:
    if not isinstance(rows, list):
        return [], [f"answer {rows!r} must be a list of tables"]
    wrong: list[str] = []
    return [_answer(number, row, wrong) for number, row in enumerate(rows, 1)], wrong


def _answer(number: int, row: Any, wrong: list[str]) -> Plain:
    if not isinstance(row, dict):
        wrong.append(f"answer {number}: {row!r} must be a table")
        return {}
    for name, value in row.items():
        if name not in ANSWER:
            allowed = ", ".join(sorted(ANSWER))
            wrong.append(f"answer {number}: field {name!r} is unknown; allowed: {allowed}")
        elif words := _objection(name, value):
            wrong.append(f"answer {number}: {name} {value!r} must be {words}")
    return {name: field.default for name, field in ANSWER.items()} | row


def _objection(name: str, value: Any) -> str | None:
    if name == "reasons" and isinstance(value, list) and not all(isinstance(each, str) for each in value):
        return ANSWER[name].words
    return ANSWER[name].fault(value)
