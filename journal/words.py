"""Journals written before the field's words were used: their rows' words and today's, for reading only.

What is hashed stays as it was written; only what is decoded is put into today's words.
"""

_TAGS = ((b'{"type":"order_settled",', b'{"type":"order_reported",'),)
_FIELDS = ((b'{"type":"account_adopted",', ((b'"aside":', b'"untracked":'), (b'"gone":', b'"missing":'))),)

_KINDS = {"order_settled": "order_reported"}


def kind_of(column: str | None) -> str | None:
    """Return the kind that a row's column names, in today's word."""
    return _KINDS.get(column, column) if column else column


def renamed(payload: bytes) -> bytes:
    """Return a row's payload in today's words; the payload itself where it has them already."""
    for old, new in _TAGS:
        if payload.startswith(old):
            return new + payload[len(old) :]
    for tag, fields in _FIELDS:
        if payload.startswith(tag):
            for old, new in fields:
                payload = payload.replace(old, new, 1)
    return payload
