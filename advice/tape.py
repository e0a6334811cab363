"""Tapes: advice that was given once, kept for backtests. Pure; files are read and written elsewhere.

A tape is text, one JSON value a line: a head, then one piece of advice a line. A piece is found by adviser,
symbol, candle and the digest of its question, so that one given to another question (another template, other
settings, other facts) is never taken for it. What a tape lacks is asked nobody: it is counted.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from advice.cutoff import AdviceStanding, patience, ruling
from advice.settings import AdviceSettings
from domain.advice import Advice
from domain.errors import BadInput
from domain.times import utc
from edge.typed_json import typed

FORMAT, VERSION = "boyd advice tape", 1


class TapeHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a tape: what it is, the candles' length, how many pieces follow and their digest."""

    format: str
    version: int
    timeframe_ms: int
    pieces: int
    retrospective: int
    sha256: str


class TapeKey(NamedTuple):
    """The key under which a piece of advice is found."""

    adviser: str
    symbol: str
    candle_ms: int
    question_sha256: str


def key_of(advice: Advice) -> TapeKey:
    """Return what a piece of advice is found by."""
    return TapeKey(advice.adviser, advice.symbol, advice.candle_ms, advice.question_sha256)


class AdviceTape:
    """The advice on a tape, by key; of two pieces with one key the one that was given first."""

    def __init__(self, timeframe_ms: int, pieces: Iterable[Advice]) -> None:
        self.timeframe_ms = timeframe_ms
        self.pieces: dict[TapeKey, Advice] = {}
        for piece in pieces:
            if piece.question_sha256 and piece.answered_at is not None:
                known = self.pieces.setdefault(key_of(piece), piece)
                if _given(piece) < _given(known):
                    self.pieces[key_of(piece)] = piece
        self._about = {key[:3] for key in self.pieces}

    def get(self, key: TapeKey) -> Advice | None:
        """Return the piece with this key, None where there is none."""
        return self.pieces.get(key)

    def has_another(self, key: TapeKey) -> bool:
        """Say whether there is one of the same adviser about the same candle, given to another question."""
        return key not in self.pieces and key[:3] in self._about

    @property
    def retrospective(self) -> int:
        """How many pieces were given when the outcome could be known."""
        return sum(each.retrospective for each in self.pieces.values())

    def ruled(self, settings: AdviceSettings) -> "AdviceTape":
        """Return the tape as the guard sees it today: a label may come onto a piece, and comes off none.

        Raises BadInput where advice is of an adviser the settings do not name, or of a model that may know
        what came of its candle.
        """
        seconds = patience(settings.deadline(self.timeframe_ms), self.timeframe_ms)
        pieces, refused = [], []
        for piece in self.pieces.values():
            if piece.adviser not in settings.advisers:
                raise BadInput(
                    f"the tape holds advice of {piece.adviser!r}, which is no adviser of the settings; "
                    f"known: {', '.join(settings.advisers) or 'none'}"
                )
            model = settings.models[settings.advisers[piece.adviser].model]
            assert piece.answered_at is not None  # noqa: S101 -- none without is kept
            ruled = ruling(model.cutoff, piece.candle_ms, self.timeframe_ms, piece.answered_at, seconds)
            late = ruled.standing is not AdviceStanding.CLEAN
            pieces.append(msgspec.structs.replace(piece, retrospective=piece.retrospective or late))
            if ruled.standing is AdviceStanding.REFUSED:
                refused.append(f"{piece.adviser}, {piece.symbol}: {ruled.why}")
        if refused:
            raise BadInput(
                f"{len(refused)} of {len(pieces)} pieces of advice are refused; the first: {refused[0]}"
            )
        return AdviceTape(self.timeframe_ms, pieces)


def _given(piece: Advice) -> tuple[float, bytes]:
    at = 0.0 if piece.answered_at is None else piece.answered_at.timestamp()
    return at, msgspec.json.encode(piece)


def written(tape: AdviceTape) -> bytes:
    """Return a tape as it is kept; the same pieces give the same bytes."""
    pieces = sorted(tape.pieces.values(), key=lambda each: (each.candle_ms, key_of(each)))
    body = b"".join(msgspec.json.encode(each) + b"\n" for each in pieces)
    digest = hashlib.sha256(body).hexdigest()
    head = TapeHead(FORMAT, VERSION, tape.timeframe_ms, len(pieces), tape.retrospective, digest)
    return msgspec.json.encode(head) + b"\n" + body


def read(content: bytes, name: str) -> AdviceTape:
    """Return the tape with this content. Raises BadInput, which names the line and what is wrong with it."""
    first, _, body = content.partition(b"\n")
    head = _head(first, name)
    pieces = tuple(_pieces(body.split(b"\n"), name))
    if len(pieces) != head.pieces:
        raise BadInput(
            f"{name}: {len(pieces)} pieces of advice, its head says {head.pieces}: it is cut short"
        )
    if hashlib.sha256(body).hexdigest() != head.sha256:
        raise BadInput(f"{name}: its content is not what was written: the digest differs")
    return AdviceTape(head.timeframe_ms, pieces)


def _head(line: bytes, name: str) -> TapeHead:
    try:
        head = typed(line, TapeHead)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"{name}: is no tape of advice, its first line is no head: {error}") from None
    if (head.format, head.version) != (FORMAT, VERSION) or head.timeframe_ms < 1:
        raise BadInput(
            f"{name}: is {head.format[:60]!r} of version {head.version}, known is {FORMAT!r} of {VERSION}"
        )
    return head


def _pieces(lines: Sequence[bytes], name: str) -> Iterator[Advice]:
    for number, line in enumerate(lines, 2):
        if not line:
            continue
        try:
            yield typed(line, Advice)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise BadInput(f"{name}: line {number}: {error}") from None


class Lacking:
    """The advice that a backtest looked for on a tape and did not find."""

    def __init__(self) -> None:
        self.asked = 0
        self.missing: list[TapeKey] = []
        self.others = 0

    def told(self, name: str) -> str:
        """Say how many are missing and which is the first."""
        first = self.missing[0]
        words = (
            f"{name}: {len(self.missing)} of {self.asked} pieces of advice are missing; the first: of "
            f"{first.adviser} about {first.symbol}, candle of {utc(first.candle_ms):%Y-%m-%d %H:%M}"
        )
        if self.others:
            words += (
                f"; {self.others} were given to another question: settings, candles or the template differ"
            )
        return words
