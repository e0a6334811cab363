"""Checkpoints: the fold of a journal's first rows, kept in files, so that nobody folds them twice.

A checkpoint is a cache and nothing else. It says of which row it is the fold (sequence and hash), and on what
beside the rows that fold depends (`key`: the program, the settings of learning and reasoning, the files of
the user's strategies). Whoever reads one asks the journal for that row's hash; where anything does not
fit, the file is damaged, or a field is not known, it is passed over in silence and the rows are folded.

Every field of `State` and `Ledger` is carried by its declared type, and all of a mind's memory, so that none
can be forgotten; a field declared nowhere makes `Checkpoints.save` raise. Files are MessagePack (exact for
floats), replaced whole, 0600; the first 32 bytes are SHA-256 of the rest.
"""

import dataclasses
import hashlib
from collections import Counter
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import msgspec

from agent.settings.settings import Options
from agent.settings.user_strategies import LOADED
from agent.settings.version import code_version
from agent.state.ledger import Ledger
from agent.state.retune import retune
from agent.state.state import State
from domain.errors import BadInput, JournalFault
from domain.events import ParametersSet, SessionStarted
from domain.ports import Records
from domain.private import private_folder
from edge.files import write_whole
from reasoning.memories import Remembered
from reasoning.minds import StrategyRunner

FORMAT = 1
MOST = 64
"""Files kept of a journal, spread evenly over its rows: `agent why` begins at the nearest before a cycle."""

GIVEN = frozenset({"learning", "cost_ppm", "mind", "lock", "ahead", "orientations"})
"""Fields of a state that come from settings or the process, not from the fold."""

_DIGEST = hashlib.sha256().digest_size


@cache
def _carried(kind: type, without: frozenset[str] = frozenset()) -> list[tuple[str, Any]]:
    hints = get_type_hints(kind)
    fields = [each.name for each in dataclasses.fields(kind) if each.name not in without]
    return [(name, dict[str, int] if hints[name] == Counter[str] else hints[name]) for name in fields]


_LEDGER = msgspec.defstruct("_LEDGER", _carried(Ledger))
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


class Checkpoint(NamedTuple):
    """A checkpoint as it was read: its header, and the fold still encoded."""

    header: Header
    state: bytes
    mind: bytes
    speaks: tuple[ParametersSet, ...]

    def give(self, state: State, mind: StrategyRunner) -> None:
        """Bring a fresh state and mind to where the fold was. Raises ValueError, BadInput: use neither."""
        self.give_state(state)
        for event in self.speaks:
            retune(event, mind)
        mind.resume(msgspec.msgpack.decode(self.mind, type=dict[str, Remembered]))

    def give_state(self, state: State) -> None:
        """Bring a fresh state alone to where the fold was. Raises ValueError."""
        result = msgspec.msgpack.decode(self.state, type=_STATE)
        for name, kind in _carried(State, GIVEN):
            value = getattr(result, name)
            if name == "ledger":
                for field, _ in _carried(Ledger):
                    setattr(state.ledger, field, getattr(value, field))
            else:
                setattr(state, name, Counter(value) if kind == dict[str, int] else value)


def fold_key(options: Options) -> str:
    """Return a digest of all a fold depends on beside the rows."""
    digest = hashlib.sha256(f"{FORMAT} {code_version()}\n".encode())
    digest.update(options.learning.model_dump_json().encode() + b"\n")
    digest.update(options.reasoning.model_dump_json().encode() + b"\n")
    digest.update(repr(options.paper.costs()).encode() + b"\n")
    for name in sorted(set(options.reasoning.strategies) & set(LOADED)):
        path, changed = LOADED[name]
        digest.update(f"{name} {path} {changed}\n".encode())
    return digest.hexdigest()


def encoded(header: Header, state: State, mind: StrategyRunner) -> bytes:
    """Return a fold as a file's bytes. Raises JournalFault for a field that is declared nowhere."""
    with state.lock:
        body = msgspec.msgpack.encode(
            _File(
                header,
                msgspec.Raw(msgspec.msgpack.encode(_fields(state, GIVEN))),
                msgspec.Raw(msgspec.msgpack.encode(mind.memory())),
                tuple({event.strategy: event for event in state.versions}.values()),
            )
        )
    return hashlib.sha256(body).digest() + body


def decoded(content: bytes) -> Checkpoint | None:
    """Return a checkpoint from its file's bytes, None where they are not what was written."""
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        return None
    try:
        file = msgspec.msgpack.decode(content[_DIGEST:], type=_File)
    except ValueError:
        return None
    if file.header.format != FORMAT:
        return None
    return Checkpoint(file.header, bytes(file.state), bytes(file.mind), file.speaks)


def _fields(part: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a part of the state by its declared fields. Raises JournalFault where it has others."""
    declared = {each.name for each in dataclasses.fields(part)}
    unknown = vars(part).keys() - declared
    if unknown:
        raise JournalFault(
            f"no checkpoint: {type(part).__name__} does not declare {', '.join(sorted(unknown))}"
        )
    values = {name: getattr(part, name) for name in declared - without}
    return {name: _fields(value) if name == "ledger" else value for name, value in values.items()}


class Checkpoints:
    """The checkpoints of one journal's name in a home: files named by the row they are the fold of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, header: Header, content: bytes) -> None:
        """Keep a checkpoint, and drop what there are too many of. Raises OSError."""
        private_folder(self.folder)
        write_whole(self.folder / f"{header.seq:012d}", content)
        for seq in superfluous(self.sequences()):
            self._drop(seq)

    def sequences(self) -> list[int]:
        """Return the rows of which there is a checkpoint, ascending."""
        try:
            names = [each.name for each in self.folder.iterdir()]
        except OSError:
            return []
        return sorted(int(name) for name in names if name.isdigit())

    def nearest(self, journal: Records, key: str, before: int | None = None) -> Checkpoint | None:
        """Return the checkpoint of the latest row that the journal has too, below row `before` if given.

        None where there is none that can be believed. Files of another journal are removed.
        """
        last, _ = journal.head()
        limit = last if before is None else min(last, before - 1)
        for seq in reversed(self.sequences()):
            if seq > limit:
                continue
            result = self.read(seq)
            if result is None or result.header.journal_id != journal.journal_id:
                self._drop(seq)
            elif result.header.key == key and journal.hash_at(seq) == result.header.hash:
                return result
        return None

    def latest(self) -> Checkpoint | None:
        """Return the latest checkpoint that can be read, whatever its journal says: for an emergency."""
        return next(filter(None, map(self.read, reversed(self.sequences()))), None)

    def read(self, seq: int) -> Checkpoint | None:
        """Return the checkpoint of a row, None where it cannot be read."""
        try:
            result = decoded((self.folder / f"{seq:012d}").read_bytes())
        except OSError:
            return None
        return result if result is not None and result.header.seq == seq else None

    def _drop(self, seq: int) -> None:
        with suppress(OSError):  # what cannot be removed is passed over again
            (self.folder / f"{seq:012d}").unlink(missing_ok=True)


def superfluous(sequences: list[int], most: int = MOST) -> list[int]:
    """Return which checkpoints to drop so that `most` are left, spread evenly, the latest among them."""
    kept, dropped = list(sequences), []
    while len(kept) > most:
        # The one whose neighbours are nearest to each other is missed least.
        gaps = [kept[index + 1] - (kept[index - 1] if index else 0) for index in range(len(kept) - 1)]
        dropped.append(kept.pop(gaps.index(min(gaps))))
    return dropped


class Resumed(NamedTuple):
    """A fold as far as a checkpoint goes: state, mind, its row (0 without one), the session that was on."""

    state: State
    mind: StrategyRunner
    seq: int = 0
    started: SessionStarted | None = None


def resumed(checkpoint: Checkpoint | None, options: Options, cost_ppm: int) -> Resumed:
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


def blank(options: Options, cost_ppm: int) -> Resumed:
    """Return a fold that has not begun."""
    mind = StrategyRunner(options.reasoning)
    return Resumed(State(options.learning, cost_ppm, mind), mind)
