"""A checkpoint: the fold of a journal's first rows, so that nobody folds them twice.

A checkpoint is a cache and nothing else. It says of which row it is the fold (sequence and hash), and on
what beside the rows that fold depends (`key`: the program that folds, the settings of learning and reasoning,
the files of the user's strategies). Whoever reads one asks the journal for that row's hash; where anything
does not fit, the file is damaged, or a field is not known, it is passed over in silence and the rows are
folded.

Every field of `State` and `Ledger` is carried by its declared type, and all of a mind's memory, so that none
can be forgotten; a field declared nowhere makes `taken` raise. The one exception grows with history: of what
is settled (see `agent.state.settled`) a checkpoint says how far its log goes, and the log is kept beside it.
So a checkpoint of a year is as small as one of a day. Files are MessagePack (exact for floats), compressed;
the first 32 bytes are SHA-256 of the rest.
"""

import dataclasses
import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, get_type_hints

import msgspec

from agent.settings.folding import FoldSettings
from agent.settings.pairs import voices
from agent.state.ledger import Ledger
from agent.state.retune import retune
from agent.state.settled import Mark, Settled
from agent.state.state import State
from domain.errors import BadInput, JournalFault
from domain.events import ParametersSet, SessionStarted
from reasoning.informative import InformativeCandles
from reasoning.minds import StrategyRunner
from reasoning.remembered import Remembered

FORMAT = 2

GIVEN = frozenset({"learning", "cost_ppm", "mind", "lock", "ahead", "orientations"})
"""Fields of a state that come from settings or the process, not from the fold."""

SETTLED = frozenset({"settled"})
"""Fields of a ledger that lie in a log beside."""

_DIGEST = hashlib.sha256().digest_size


@cache
def _carried(kind: type, without: frozenset[str] = frozenset()) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    fields = [each.name for each in dataclasses.fields(kind) if each.name not in without]
    return [(name, dict[str, int] if hints[name] == Counter[str] else hints[name]) for name in fields]


_LEDGER = msgspec.defstruct("_LEDGER", _carried(Ledger, SETTLED))
_STATE = msgspec.defstruct(
    "_STATE", [(name, _LEDGER if name == "ledger" else kind) for name, kind in _carried(State, GIVEN)]
)


class Header(msgspec.Struct, frozen=True):
    """Of what a checkpoint is the fold, and the session that was on when it was taken."""

    format: int
    journal_id: str
    seq: int
    hash: str
    key: str
    started: SessionStarted


class _File(msgspec.Struct, frozen=True):
    header: Header
    state: msgspec.Raw
    mind: msgspec.Raw
    speaks: tuple[ParametersSet, ...]
    mark: Mark
    informed: dict[str, InformativeCandles] = {}


class Checkpoint(NamedTuple):
    """A checkpoint as it was read: its header, the fold still encoded, and how far the log of orders goes.

    `settled` is that log as it was found; it is given away with the rest, so a checkpoint is given once.
    """

    header: Header
    state: bytes
    mind: bytes
    speaks: tuple[ParametersSet, ...]
    mark: Mark
    settled: Settled | None = None
    informed: Mapping[str, InformativeCandles] = MappingProxyType({})

    def give(self, state: State, mind: StrategyRunner) -> None:
        """Bring a fresh state and mind to where the fold was. Raises ValueError, BadInput: use neither."""
        self.give_state(state)
        for event in self.speaks:
            retune(event, mind)
        for model in state.models:
            mind.set_model(model)
        mind.resume(msgspec.msgpack.decode(self.mind, type=dict[str, Remembered]), self.informed)

    def give_state(self, state: State) -> None:
        """Bring a fresh state alone to where the fold was. Raises ValueError."""
        if self.settled is None:
            raise ValueError("what is settled was not found")
        result = decoded_state(self.state)
        for name, kind in _carried(State, GIVEN):
            value = getattr(result, name)
            if name == "ledger":
                for field, _ in _carried(Ledger, SETTLED):
                    setattr(state.ledger, field, getattr(value, field))
            else:
                setattr(state, name, Counter(value) if kind == dict[str, int] else value)
        state.ledger.settled = self.settled


class TakenCheckpoint(NamedTuple):
    """A checkpoint as it was taken: what is to be kept of it, and the log that goes with it."""

    header: Header
    body: bytes
    mark: Mark
    settled: Settled

    @property
    def log(self) -> bytearray:
        """The log, which may have grown since."""
        return self.settled.log

    def packed(self) -> bytes:
        """Return a file's bytes."""
        content = zlib.compress(self.body, 1)
        return hashlib.sha256(content).digest() + content


def taken(header: Header, state: State, mind: StrategyRunner) -> TakenCheckpoint:
    """Take a checkpoint of a fold. Raises JournalFault for a field that is declared nowhere."""
    with state.lock:
        settled = state.ledger.settled
        mark = settled.mark()
        body = msgspec.msgpack.encode(
            _File(
                header,
                msgspec.Raw(msgspec.msgpack.encode(_fields(state, GIVEN))),
                msgspec.Raw(msgspec.msgpack.encode(mind.memory())),
                tuple({event.strategy: event for event in state.versions}.values()),
                mark,
                mind.informed,
            )
        )
    return TakenCheckpoint(header, body, mark, settled)


def decoded(content: bytes) -> Checkpoint | None:
    """Return a checkpoint from its file's bytes, without its log; None where they are not as written."""
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        return None
    try:
        return read(zlib.decompress(content[_DIGEST:]))
    except zlib.error:
        return None


def read(body: bytes, settled: Settled | None = None) -> Checkpoint | None:
    """Return a checkpoint from what was taken, None where that is of another program's form."""
    try:
        file = msgspec.msgpack.decode(body, type=_File)
    except ValueError:
        return None
    if file.header.format != FORMAT:
        return None
    header, state, mind, speaks, mark, informed = msgspec.structs.astuple(file)
    return Checkpoint(header, bytes(state), bytes(mind), speaks, mark, settled, informed)


def decoded_state(content: bytes) -> Any:
    """Return the fields of a state, for comparing. Raises ValueError."""
    return msgspec.msgpack.decode(content, type=_STATE)


def _fields(part: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a part of the state by its declared fields. Raises JournalFault where it has others."""
    declared = {each.name for each in dataclasses.fields(part)}
    unknown = vars(part).keys() - declared
    if unknown:
        raise JournalFault(
            f"no checkpoint: {type(part).__name__} does not declare {', '.join(sorted(unknown))}"
        )
    values = {name: getattr(part, name) for name in declared - without}
    return {name: _fields(value, SETTLED) if name == "ledger" else value for name, value in values.items()}


class Resumed(NamedTuple):
    """A fold as far as a checkpoint goes: state, mind, its row (0 without one), the session that was on."""

    state: State
    mind: StrategyRunner
    seq: int = 0
    started: SessionStarted | None = None


def resumed(checkpoint: Checkpoint | None, options: FoldSettings, cost_ppm: int) -> Resumed:
    """Return the fold a checkpoint holds; without one that can be read, a fold that has not begun."""
    if checkpoint is not None:
        fold = blank(options, cost_ppm)
        try:
            checkpoint.give(fold.state, fold.mind)
        except (ValueError, BadInput):
            pass
        else:
            return Resumed(fold.state, fold.mind, checkpoint.header.seq, checkpoint.header.started)
    return blank(options, cost_ppm)


def blank(options: FoldSettings, cost_ppm: int) -> Resumed:
    """Return a fold that has not begun."""
    mind = StrategyRunner(options.reasoning, options.timeframe_ms, voices(options.pairs))
    return Resumed(State(options.learning, cost_ppm, mind), mind)
