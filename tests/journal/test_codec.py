"""What is read back is what was written, or it is refused before it is written."""

import math
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from domain.errors import JournalFault
from domain.events import CycleEnded, Event, Failure, KillSwitchSet, SessionStarted
from domain.verdict import Check, Denied
from journal.codec import decode, encode, index
from tests.journal.cycles import at, decided, ended, session
from tests.journal.events import events, patient


@given(events)
@patient
def test_every_event_comes_back_equal_and_its_bytes_are_canonical(event: Event) -> None:
    payload = encode(event)
    assert decode(payload) == event
    assert encode(decode(payload)) == payload


@given(events)
@patient
def test_the_index_repeats_what_the_payload_says(event: Event) -> None:
    assert index(decode(encode(event))) == index(event)
    tag = msgspec.json.decode(encode(event))["type"]
    assert index(event).kind == tag


_never_finite = st.sampled_from([math.nan, math.inf, -math.inf])


@given(_never_finite)
@patient
def test_a_number_json_cannot_hold_is_refused_with_its_place(bad: float) -> None:
    seen = decided(7).observations[0]
    candle = Candle(0, 1, 1, 1, 1, bad)
    broken = msgspec.structs.replace(
        decided(7), observations=(msgspec.structs.replace(seen, candles=(seen.candles[0], candle)),)
    )
    with pytest.raises(
        JournalFault, match=r"^CycleDecided of cycle 7 .*observations\.0\.candles\.1\.5 is not a finite"
    ):
        encode(broken)


@given(_never_finite)
@patient
def test_it_is_refused_even_where_null_would_be_allowed(bad: float) -> None:
    check = Check("value_at_risk", False, bad, None)
    with pytest.raises(JournalFault, match=r"verdicts\.0\.checks\.0\.measured is not a finite number"):
        encode(
            msgspec.structs.replace(decided(7), verdicts=(Denied(7, "BTC-USDT", "value_at_risk", (check,)),))
        )
    started = session()
    with pytest.raises(JournalFault, match=r"settings\.risk\.limits\.1 is not a finite number"):
        encode(msgspec.structs.replace(started, settings={"risk": {"limits": [1.0, bad]}}))


def test_text_that_says_null_is_only_text() -> None:
    event = CycleEnded(3, at(3), (), "failed", (), Failure("REASONING", "BadAnswer", 'got null: {"a": null}'))
    assert decode(encode(event)) == event


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(JournalFault, match="KillSwitchSet cannot be written: UnicodeEncodeError"):
        encode(KillSwitchSet(at(1), True, "\ud800", "operator"))


def test_settings_that_are_no_json_are_refused() -> None:
    started: SessionStarted = msgspec.structs.replace(session(), settings={"key": object()})
    with pytest.raises(JournalFault, match="SessionStarted cannot be written: TypeError"):
        encode(started)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2023, 3, 16)  # noqa: DTZ001 - that is what must be refused
    with pytest.raises(JournalFault, match=r"CycleEnded of cycle 3 cannot be written: .* no timezone"):
        index(msgspec.structs.replace(ended(3), at=naive))


@pytest.mark.parametrize("payload", [b"", b"{", b"null", b"\xff", b'{"type":"unheard_of"}', b"[" * 100_000])
def test_bytes_that_are_no_event_are_named_undecodable(payload: bytes) -> None:
    with pytest.raises(JournalFault, match="undecodable"):
        decode(payload)
