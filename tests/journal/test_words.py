"""Journals in the words of before are read, verified and decoded into today's; no hashed byte is touched."""

from datetime import UTC, datetime

from domain.events import AccountAdopted, OrderReported
from domain.order import OrderStatus, Receipt
from domain.ports import Row
from journal.chain import genesis, link
from journal.codec import encode, index
from journal.stored import Stored, believed

START = genesis("0123456789ab")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORTED = OrderReported(1, Receipt("ba-1-1-e", "BTC-USDT", OrderStatus.NEW, AT))
ADOPTED = AccountAdopted(AT, 10, {"BTC": 5}, 'of old: "aside": 1', "operator", {"ETH-USDT": 2})


def before(payload: bytes) -> bytes:
    """Return a row's payload as it was written before the words changed."""
    for now, then in (
        (b'"type":"order_reported"', b'"type":"order_settled"'),
        (b'"untracked":', b'"aside":'),
        (b'"missing":', b'"gone":'),
    ):
        payload = payload.replace(now, then, 1)
    return payload


def old_row(event: OrderReported | AccountAdopted) -> Stored:
    payload = before(encode(event))
    at, kind, cycle = index(event)
    column = "order_settled" if kind == "order_reported" else kind
    return Stored(1, at, column, cycle, payload, link(START, 1, payload))


def test_an_order_in_the_word_of_before_is_today_s_event() -> None:
    row = believed(old_row(REPORTED), 1, START)
    assert isinstance(row, Row), row
    assert row.event == REPORTED


def test_an_adoption_in_the_words_of_before_loses_nothing() -> None:
    row = believed(old_row(ADOPTED), 1, START)
    assert isinstance(row, Row), row
    assert row.event == ADOPTED


def test_today_s_rows_are_decoded_as_they_are() -> None:
    for event in (REPORTED, ADOPTED):
        at, kind, cycle = index(event)
        payload = encode(event)
        row = believed(Stored(1, at, kind, cycle, payload, link(START, 1, payload)), 1, START)
        assert isinstance(row, Row), row
        assert row.event == event
