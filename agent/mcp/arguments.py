"""Arguments of the tools, as structs that refuse what they do not know; their schemas are made from them."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from domain.errors import BadInput

MOST_ROWS = 200
MOST_CYCLE = 2**53

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[list[Annotated[str, Meta(min_length=1, max_length=400)]], Meta(max_length=50)]

JournalName = Annotated[
    Name | None, Meta(description="A journal of this home; the one run last if not given.")
]
T = TypeVar("T", bound=Struct)


class OfJournal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question about one journal."""

    journal: JournalName = None


class OfCycle(OfJournal, frozen=True, kw_only=True):
    """A question about one cycle."""

    cycle: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_CYCLE)] | None,
        Meta(description="The cycle's number; the last one if not given."),
    ] = None


class LatestOf(OfJournal, frozen=True, kw_only=True):
    """A question about the latest rows of a kind."""

    last: Annotated[int, Meta(ge=1, le=MOST_ROWS, description="The latest so many.")] = 20


class OfSession(OfJournal, frozen=True, kw_only=True):
    """A question about one session."""

    session: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_CYCLE)] | None,
        Meta(description="The session's number; the last one if not given."),
    ] = None


class BacktestOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A backtest over candles of the home's catalogue."""

    symbol: Annotated[Words, Meta(min_length=1, description="Symbols in the catalogue, such as BTC-USDT.")]
    strategy: Annotated[Words, Meta(description="Strategies with a voice; the settings' if none.")] = []
    timeframe: Annotated[Name | None, Meta(description="Candle length such as 1h.")] = None
    timerange: Annotated[
        Name | None, Meta(description="UTC days such as 20230101-20230601, the last not included.")
    ] = None
    set: Annotated[Words, Meta(description="Settings of this run, such as risk.daily_loss=100.")] = []
    last: Annotated[int, Meta(ge=0, le=MOST_ROWS, description="How many trades are listed, the latest.")] = 20
    uncompiled: Annotated[bool, Meta(description="Begin at once and run slowly; for few candles.")] = False
    seconds: Annotated[int, Meta(ge=1, le=600, description="The time it may take; then it is ended.")] = 60


class KillOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kill, with the code that the operator was shown."""

    reason: Annotated[str, Meta(min_length=3, max_length=300, description="Why; it goes into the journal.")]
    code: Annotated[
        str, Meta(min_length=1, max_length=40, description="What `agent kill --code` shows the operator.")
    ]


def read(tool: str, kind: type[T], given: Mapping[str, Any]) -> T:
    """Return arguments as their struct. Raises BadInput that names what is wrong, and what there is."""
    known = kind.__struct_fields__
    strange = [name for name in given if name not in known]
    if strange:
        there = ", ".join(known)
        raise BadInput(f"{tool}: {strange[0][:80]}: no such argument; there are: {there}")
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        raise BadInput(f"{tool}: {error}") from None


def schema(kind: type[Struct]) -> dict[str, Any]:
    """Return the JSON Schema of arguments, whole in itself."""
    (_,), parts = msgspec.json.schema_components([kind])
    return {name: each for name, each in parts[kind.__name__].items() if name not in ("title", "description")}
