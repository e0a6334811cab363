"""Events on the wire, as the standard of server-sent events has them."""

from collections.abc import Mapping, Sequence

import msgspec

from agent.serve.mirror.ingest import StreamLine
from agent.serve.stream.cursor import written

BEAT = b": beat\n\n"
RETRY_MS = 1_000

_encoder = msgspec.json.Encoder()


def told(kind: str, body: msgspec.Struct, cursor: str | None = None) -> bytes:
    """Return an event that is no row; with a `cursor` whoever reconnects goes on from there."""
    head = b"" if cursor is None else b"id: " + cursor.encode() + b"\n"
    return head + b"event: " + kind.encode() + b"\ndata: " + _encoder.encode(body) + b"\n\n"


def rows(
    name: str,
    lines: Sequence[StreamLine],
    kinds: frozenset[str],
    positions: Mapping[str, int],
    covered: Sequence[str],
) -> bytes:
    """Return rows of a journal as events, those of `kinds` or all where none is named.

    `positions` are those of the journals covered before these rows.
    """
    parts: list[bytes] = []
    single = len(covered) == 1
    places = {} if single else dict(positions)
    for line in lines:
        if kinds and line.kind not in kinds:
            continue
        places[name] = line.seq
        cursor = str(line.seq) if single else written(places, covered)
        parts += (b"id: ", cursor.encode(), b"\nevent: ", line.kind.encode(), b"\ndata: ", line.body, b"\n\n")
    return b"".join(parts)
