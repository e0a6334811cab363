"""The chain's layout, written out a second time, and what it must tell apart."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from journal.chain import checked_id, genesis, link
from tests.journal.events import patient

_hashes = st.binary(min_size=32, max_size=32)


@given(_hashes, st.integers(0, 2**63), st.binary(max_size=200))
@patient
def test_a_row_is_hashed_as_documented(previous: bytes, seq: int, payload: bytes) -> None:
    written = b"\x01" + seq.to_bytes(8, "big") + len(payload).to_bytes(8, "big") + previous + payload
    assert link(previous, seq, payload) == hashlib.sha256(written).digest()


def test_the_genesis_is_row_zero_with_the_id_as_payload() -> None:
    assert genesis("0123456789ab") == link(bytes(32), 0, b"0123456789ab")


@given(_hashes, st.integers(1, 2**60), st.binary(max_size=50), st.integers(0, 7), st.data())
@patient
def test_any_change_of_any_part_changes_the_hash(
    previous: bytes, seq: int, payload: bytes, bit: int, data: st.DataObject
) -> None:
    whole = link(previous, seq, payload)
    where = data.draw(st.integers(0, 31))
    assert link(_flipped(previous, where, bit), seq, payload) != whole
    assert link(previous, seq + 1, payload) != whole
    assert link(previous, seq, payload + b"\0") != whole
    if payload:
        where = data.draw(st.integers(0, len(payload) - 1))
        assert link(previous, seq, _flipped(payload, where, bit)) != whole


@pytest.mark.parametrize(
    "journal_id", ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789a\n", "xyzxyzxyzxyz"]
)
def test_an_id_that_is_not_twelve_hex_digits_is_refused(journal_id: str) -> None:
    with pytest.raises(BadInput, match="twelve hex digits"):
        checked_id(journal_id)


def _flipped(data: bytes, where: int, bit: int) -> bytes:
    return data[:where] + bytes([data[where] ^ 1 << bit]) + data[where + 1 :]
