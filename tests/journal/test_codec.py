"""What is read back is what was written, or it is refused before it is written."""

import math
from datetime import datetime
from typing import Union, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import Candle
from domain.errors import JournalFault
from domain.events import CycleEnded, Event, Failure, KillSwitchSet, ParametersSet, SessionStarted
from domain.evidence import Evidence
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


OLD = b'{"type":"kill_switch_set","at":"2023-03-16T00:01:00Z","active":true,"reason":"x","by":"operator"}'
VERSION = (
    b'{"type":"parameters_set","at":"2023-03-16T00:01:00Z","version":2,"strategy":"sma","parameters":'
    b'{"fast":10,"slow":40},"reason":"better","by":"operator","evidence":{"data_fingerprint":"0123abcd",'
    b'"in_sample_sharpe":1.5,"out_of_sample_sharpe":0.75,"present":{"fast":20,"slow":50},'
    b'"present_in_sample_sharpe":1.0,"present_out_of_sample_sharpe":0.5,"trials":120,"deflated_sharpe":0.9,'
    b'"pbo":null,"source":"night-run"},"forced":false,"rolled_back_to":null}'
)


def test_what_is_written_stays_as_it_is_to_the_byte() -> None:
    evidence = Evidence(
        "0123abcd", 1.5, 0.75, {"fast": 20, "slow": 50}, 1.0, 0.5, 120, 0.9, source="night-run"
    )
    values = {"fast": 10, "slow": 40}
    made = ParametersSet(at(1), 2, "sma", values, "better", "operator", evidence)
    assert encode(made) == VERSION
    assert decode(VERSION) == made
    assert encode(KillSwitchSet(at(1), True, "x", "operator")) == OLD
    assert decode(OLD) == KillSwitchSet(at(1), True, "x", "operator")


@given(_never_finite)
@patient
def test_a_parameter_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(JournalFault, match=r"ParametersSet .* parameters\.lower is not a finite number"):
        encode(ParametersSet(at(1), 1, "rsi", {"lower": bad}, "x", "operator"))


def test_a_program_that_does_not_know_an_event_refuses_its_row() -> None:
    before: tuple[type, ...] = tuple(kind for kind in get_args(Event) if kind is not ParametersSet)
    older = msgspec.json.Decoder(Union[before])  # noqa: UP007 -- a union of a computed tuple
    assert older.decode(OLD) == decode(OLD)
    with pytest.raises(msgspec.ValidationError, match="parameters_set"):
        older.decode(VERSION)
