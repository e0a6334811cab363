"""What the stream's messages may say, and that nothing else is believed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.candle import RawCandle
from domain.errors import BadAnswer, Refused
from domain.times import MINUTE_MS
from perception.stream.messages import FUTURE_MS, Dialect, Kline, Notice
from tests.perception.stream_server import combined, kline

NOW = 1_700_000_040_000 // MINUTE_MS * MINUTE_MS + MINUTE_MS
CANDLE = RawCandle(NOW - MINUTE_MS, 2.0, 3.0, 1.0, 2.5, 10.0)
BTC = Dialect(["BTC-USDT", "ETH-USDT", "MSFT"], MINUTE_MS)


def read(message: object, now: int = NOW) -> Kline | Notice:
    return BTC.read(message if isinstance(message, bytes) else json.dumps(message).encode(), now)


def changed(**fields: object) -> dict[str, object]:
    return kline(CANDLE, final=True, fields=fields)


def test_streams_are_named_for_pairs_only() -> None:
    assert BTC.streams == ("btcusdt@kline_1m", "ethusdt@kline_1m")
    assert BTC.symbols == ("BTC-USDT", "ETH-USDT")
    assert Dialect(["BTC-USDT"], 1000).streams == ("btcusdt@kline_1s",)
    with pytest.raises(Refused):
        Dialect(["BTC-USDT"], 7)


@pytest.mark.parametrize("final", [True, False])
def test_a_kline_arrives_value_for_value_raw_or_combined(final: bool) -> None:  # noqa: FBT001
    event = kline(CANDLE, final=final, event_ms=77)
    told = Kline("BTC-USDT", CANDLE, final, 77)
    assert read(event) == told
    assert read(combined(event)) == told


def test_only_x_true_makes_it_final() -> None:
    for not_said in ("true", 1, None, "x"):
        with pytest.raises(BadAnswer, match="final"):
            read(changed(x=not_said))


def test_notices() -> None:
    assert read({"e": "serverShutdown", "E": 1}) is Notice.SHUTDOWN
    assert read({"stream": "x", "data": {"e": "serverShutdown", "E": 1}}) is Notice.SHUTDOWN
    assert read({"event": {"e": "serverShutdown", "E": 1}}) is Notice.SHUTDOWN
    assert read({"result": None, "id": 1}) is Notice.ACCEPTED
    assert read({"error": {"code": 2, "msg": "Invalid request"}, "id": 1}) is Notice.REFUSED
    assert read({"code": 2, "msg": "Invalid request"}) is Notice.REFUSED


BAD: list[object] = [
    b"", b"<html>", b"[]", b"1", b"null", b"\xff\xfe", b'{"e": "kline"', b'{"e": "kline", "e": "kline"}',
    b'{"e": NaN}', b'{"e": 1e309}', b"[" * 100_000, b'{"e": "kline"}', b'{"data": 3}',
    {"e": "error", "m": "Queue overflow"}, {"e": "trade", "s": "BTCUSDT", "p": "1"}, {"e": 7}, {},
    {"e": "kline", "E": 1, "s": "BTCUSDT", "k": []},
    changed(o="NaN"), changed(o="Infinity"), changed(o="1e309"), changed(o="-1"), changed(o="0"),
    changed(o=None), changed(o=True), changed(o=[1]), changed(o="1,5"), changed(h="0.5"), changed(l="9"),
    changed(v="-1"), changed(v="x"), changed(t=str(CANDLE.time)), changed(t=float(CANDLE.time)),
    changed(t=True), changed(t=-60_000), changed(t=CANDLE.time + 1), changed(T=1), changed(t=1 << 60),
    changed(s="ETHUSDT"), changed(s="DOGEUSDT"), changed(s=["BTCUSDT"]), changed(i="5m"), changed(i=None),
    changed() | {"E": "1"}, changed() | {"s": "ETHUSDT"}, changed() | {"k": None},
    combined(changed(), stream="ethusdt@kline_1m"), combined(changed(), stream="btcusdt@kline_5m"),
]  # fmt: skip


@pytest.mark.parametrize("message", BAD, ids=range(len(BAD)))
def test_everything_else_is_refused(message: object) -> None:
    with pytest.raises(BadAnswer) as refused:
        read(message)
    assert "DOGE" not in str(refused.value)


def test_a_candle_from_the_future_is_refused_but_clocks_may_differ_a_little() -> None:
    closes = CANDLE.time + MINUTE_MS
    assert isinstance(read(changed(), closes - FUTURE_MS), Kline)
    with pytest.raises(BadAnswer, match=f"{FUTURE_MS + 1} ms ahead"):
        read(changed(), closes - FUTURE_MS - 1)
    forming = kline(CANDLE, final=False)
    assert isinstance(read(forming, CANDLE.time - FUTURE_MS), Kline)
    with pytest.raises(BadAnswer, match="ahead"):
        read(forming, CANDLE.time - FUTURE_MS - 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["t", "T", "s", "i", "o", "h", "l", "c", "v", "x"]), JSON)
def test_no_value_in_any_field_does_worse_than_being_refused(field: str, value: object) -> None:
    body = json.dumps(changed(**{field: value})).encode()
    try:
        told = BTC.read(body, NOW)
    except BadAnswer:
        return
    assert isinstance(told, Kline)
    assert told.candle.time == CANDLE.time
    assert 0 < told.candle.low <= told.candle.high < float("inf")


@given(st.binary(max_size=60))
def test_no_bytes_do_worse_than_being_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        BTC.read(body, NOW)
