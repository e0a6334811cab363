"""Each fault does what its name says, and the oracle knows what really happened."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed

from domain.errors import BadInput
from platforms.sandbox.faults.faults import KINDS, read_plan
from platforms.sandbox.faults.plan import FaultPlan
from tests.platforms.sandbox.test_sockets import Socket, socket_to
from tests.platforms.sandbox.world import BTC, Client, sandbox

ORDER = {"method": "POST", "path": "/api/v3/order"}


@pytest.fixture
def client() -> Iterator[Client]:
    with sandbox() as found:
        yield found


def buy(client: Client, client_id: str = "x", **fields: str) -> Any:
    return client.order(**{"type": "MARKET", "quantity": "1", "newClientOrderId": client_id, **fields})


def executed(client: Client, client_id: str = "x") -> int:
    return client.oracle(client_id)[1]["executed"]


@pytest.mark.parametrize(("when", "times"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_gives_no_answer_before_or_after_execution(
    client: Client, when: str, times: int
) -> None:
    client.faults({"kind": "drop", "when": when, "count": 1, **ORDER})
    with pytest.raises(requests.ConnectionError):
        buy(client)
    assert executed(client) == times
    assert buy(client, "next").status == 200


@pytest.mark.parametrize(("when", "times"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "error", "status": 503}, 503, -1001),
        ({"kind": "unknown"}, 504, -1007),
        ({"kind": "unknown", "code": -1006}, 500, -1006),
    ],
)
def test_a_server_error_leaves_the_fate_open(
    client: Client, fault: dict[str, Any], status: int, code: int, when: str, times: int
) -> None:
    client.faults({**fault, "when": when, **ORDER})
    told = buy(client)
    assert (told.status, told.code, executed(client)) == (status, code, times)


def test_a_page_of_html_comes_with_its_own_content_type(client: Client) -> None:
    client.faults({"kind": "html", "status": 403, "path": "/api/v3/time"})
    told = client.http.get(client.server.base_url + "/api/v3/time", timeout=60)
    assert (told.status_code, told.headers["Content-Type"], told.text[:15]) == (
        403,
        "text/html",
        "<!DOCTYPE html>",
    )


def test_a_truncated_answer_is_shorter_than_announced(client: Client) -> None:
    client.faults({"kind": "truncate", "bytes": 20, **ORDER})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        buy(client)
    assert executed(client) == 1


def test_a_dripping_answer_takes_its_time_and_comes_whole(client: Client) -> None:
    client.faults({"kind": "drip", "seconds": 0.02, "path": "/api/v3/time"})
    begun = time.monotonic()
    assert client.public("/api/v3/time").body["serverTime"] > 0
    assert time.monotonic() - begun > 0.3


def test_a_delay_holds_up_one_request_and_not_the_next(client: Client) -> None:
    client.faults({"kind": "delay", "seconds": 0.4, "path": "/api/v3/time", "count": 1})
    begun = time.monotonic()
    client.public("/api/v3/time")
    held = time.monotonic() - begun
    assert held > 0.35


def test_a_lost_request_never_arrives(client: Client) -> None:
    client.faults({"kind": "lost", "seconds": 0.1, **ORDER})
    with pytest.raises(requests.ConnectionError):
        buy(client)
    assert executed(client) == 0


def test_a_late_order_is_not_found_until_it_is_executed(client: Client) -> None:
    client.faults({"kind": "late", "seconds": 0.5, "count": 1, **ORDER})
    told = buy(client)
    assert (told.status, told.code) == (504, -1007)
    assert client.query("x").code == -2013
    deadline = time.monotonic() + 60
    while client.query("x").status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.query("x").body["status"] == "FILLED"
    assert executed(client) == 1


def test_a_late_order_with_a_wrong_signature_is_refused_at_once(client: Client) -> None:
    client.faults({"kind": "late", "seconds": 0.5, **ORDER})
    forger = Client(client.server, secret="wrong")  # noqa: S106 -- wrong on purpose
    assert buy(forger).code == -1022
    forger.close()


def test_a_partial_fill_then_a_disconnect(client: Client) -> None:
    client.faults({"kind": "partial", "share": 0.4, "count": 2, **ORDER})
    with pytest.raises(requests.ConnectionError):
        buy(client)
    with pytest.raises(requests.ConnectionError):
        buy(client, "limit", type="LIMIT", price="101", timeInForce="GTC")
    market, resting = client.query("x").body, client.query("limit").body
    assert (market["status"], market["executedQty"]) == ("EXPIRED", "0.40000000")
    assert (resting["status"], resting["executedQty"]) == ("PARTIALLY_FILLED", "0.40000000")


def test_a_ban_and_a_throttle_say_when_to_come_back(client: Client) -> None:
    client.faults(
        {"kind": "throttle", "seconds": 7, "count": 1}, {"kind": "ban", "seconds": 90, "path": "*/account"}
    )
    told = client.public("/api/v3/time")
    assert (told.status, told.headers["Retry-After"]) == (429, "7")
    assert client.public("/api/v3/time").status == 200
    banned = client.signed("GET", "/api/v3/account")
    assert (banned.status, int(banned.headers["Retry-After"]) > 80) == (418, True)
    assert client.public("/api/v3/time").status == 418
    client.control("DELETE", "/sandbox/faults")
    assert client.public("/api/v3/time").status == 200


def test_a_wrong_clock_shows_and_goes_right_again(client: Client) -> None:
    client.faults({"kind": "clock", "offset_ms": -7_200_000, "duration": 0.3})
    assert client.public("/api/v3/time").body["serverTime"] < client.now() - 7_100_000
    assert buy(client).code == -1021
    deadline = time.monotonic() + 60
    while client.server.exchange.offset_ms and time.monotonic() < deadline:
        time.sleep(0.05)
    assert buy(client).status == 200


def test_filters_change_in_mid_run_and_back(client: Client) -> None:
    client.faults({"kind": "filters", "symbol": BTC, "fields": {"min_notional": "500"}})
    assert buy(client).body["msg"] == "Filter failure: NOTIONAL"
    told = client.public("/api/v3/exchangeInfo", symbol=BTC).body["symbols"][0]["filters"]
    assert next(row for row in told if row["filterType"] == "NOTIONAL")["minNotional"] == "500.00000000"
    client.control("DELETE", "/sandbox/faults")
    assert buy(client).status == 200


def events(client: Client, *faults: dict[str, Any], number: int) -> list[tuple[str, str]]:
    with socket_to(client, "/ws-api/v3") as api:
        api.ask("userDataStream.subscribe.signature", signed=True, timestamp=client.now())
        client.faults(*faults)
        buy(client)
        heard = [api.hear()["event"] for _ in range(number)]
        with pytest.raises(TimeoutError):
            api.hear(0.2)
    return [(event["e"], event.get("x", "")) for event in heard]


NEW, TRADE, MONEY = ("executionReport", "NEW"), ("executionReport", "TRADE"), ("outboundAccountPosition", "")


def test_user_events_come_twice_out_of_order_or_not_at_all(client: Client) -> None:
    assert events(client, number=4) == [NEW, MONEY, TRADE, MONEY]
    reports = {"event": "executionReport"}
    assert events(client, {"kind": "duplicate", **reports}, number=6) == [
        NEW,
        NEW,
        MONEY,
        TRADE,
        TRADE,
        MONEY,
    ]
    client.control("DELETE", "/sandbox/faults")
    assert events(client, {"kind": "reorder", **reports}, number=4) == [MONEY, NEW, MONEY, TRADE]
    client.control("DELETE", "/sandbox/faults")
    assert events(client, {"kind": "miss", **reports, "count": 1}, number=3) == [MONEY, TRADE, MONEY]


def test_a_stream_falls_silent_and_speaks_again(client: Client) -> None:
    with socket_to(client, "/ws/btcusdt@trade") as stream:
        client.faults({"kind": "silence", "stream": "*@trade", "duration": 0.3})
        client.server.exchange.set_price(BTC, "101")
        with pytest.raises(TimeoutError):
            stream.hear(0.1)
        deadline = time.monotonic() + 60
        heard: list[str] = []
        while not heard and time.monotonic() < deadline:
            client.server.exchange.set_price(BTC, "102")
            try:
                heard.append(stream.hear(0.1)["p"])
            except TimeoutError:
                continue
    assert heard == ["102.00000000"]


def test_streams_are_cut_and_announced_to_be_closed(client: Client) -> None:
    with socket_to(client, "/ws/btcusdt@trade") as cut, socket_to(client, "/ws/btcusdt@bookTicker") as closed:
        client.faults({"kind": "disconnect", "stream": "*@trade"})
        with pytest.raises(ConnectionClosed) as abrupt:
            cut.hear()
        assert abrupt.value.rcvd is None
        client.faults({"kind": "shutdown", "stream": "*@bookTicker", "seconds": 0.1})
        assert closed.hear()["e"] == "serverShutdown"
        with pytest.raises(ConnectionClosed) as orderly:
            closed.hear()
        assert orderly.value.rcvd is not None
        assert orderly.value.rcvd.code == 1001


def asked(client: Client, api: Socket, client_id: str) -> Any:
    fields = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "1", "newClientOrderId": client_id}
    return api.ask("order.place", signed=True, timestamp=client.now(), **fields)


def test_the_websocket_api_suffers_the_same_faults(client: Client) -> None:
    place = {"method": "WS", "path": "order.place", "count": 1}
    with socket_to(client, "/ws-api/v3") as api:
        client.faults({"kind": "unknown", "when": "after", **place})
        told = asked(client, api, "u")
        assert (told["status"], told["error"]["code"], executed(client, "u")) == (504, -1007, 1)
        client.faults({"kind": "drop", "when": "after", **place})
        with pytest.raises(ConnectionClosed):
            asked(client, api, "d")
    assert executed(client, "d") == 1


def test_a_probability_is_kept_and_repeats_by_seed(client: Client) -> None:
    def struck(seed: int) -> list[int]:
        client.control("DELETE", "/sandbox/faults")
        client.faults({"kind": "error", "probability": 0.3, "path": "/api/v3/ping"}, seed=seed)
        return [client.public("/api/v3/ping").status for _ in range(60)]

    first = struck(1)
    assert first == struck(1)
    assert first != struck(2)
    assert 5 < first.count(503) < 35
    assert client.control("GET", "/sandbox/faults").body["faults"][0]["fired"] > 0


def test_a_fault_strikes_within_its_time_and_count_only() -> None:
    plan = FaultPlan()
    plan.load({"fault": [{"kind": "drop", "start": 2, "duration": 3, "count": 2}]}, now=10_000)
    times = [now for now in range(10_000, 16_000, 500) if plan.for_request("GET", "/api/v3/time", now)]
    assert times == [12_000, 12_500]
    plan = FaultPlan()
    plan.load({"fault": [{"kind": "disconnect", "start": 1, "every": 2, "count": 3}]}, now=0)
    assert [due.at for now in range(0, 20_000, 100) for due in plan.due(now)] == [1_000, 3_000, 5_000]


def test_every_mistake_in_a_plan_is_named_at_once_with_what_is_allowed() -> None:
    plan = {
        "sed": 1,
        "fault": [
            {"kind": "explode"},
            {"kind": "delay", "secs": 1},
            {"kind": "drop", "when": "during", "probability": 2, "count": True},
            {"kind": "clock", "offset_ms": 1.5},
        ],
    }
    with pytest.raises(ValueError, match="'sed' is unknown") as error:
        read_plan(plan)
    lines = str(error.value).splitlines()
    assert lines[1].startswith("fault 1: kind 'explode' is unknown; allowed: delay, drip, drop")
    assert lines[2].startswith("fault 2 (delay): field 'secs' is unknown; allowed: count, duration")
    assert lines[3] == "fault 2 (delay): field 'seconds' is missing; it must be seconds from 0 to 86400"
    assert lines[4] == 'fault 3 (drop): when \'during\' must be "before" or "after" (the execution)'
    assert lines[5] == "fault 3 (drop): probability 2 must be a number from 0 to 1"
    assert lines[6] == "fault 3 (drop): count True must be a whole number from 1"
    assert lines[7] == "fault 4 (clock): offset_ms 1.5 must be a whole number of ms"
    assert len(lines) == 8


def test_a_plan_with_filters_that_are_none_is_refused_before_it_strikes(client: Client) -> None:
    fields = {"kind": "filters", "symbol": BTC, "fields": {"tick": "1"}}
    with pytest.raises(BadInput, match=r"fault 1 \(filters\): filter field 'tick' is unknown"):
        client.server.load_faults({"fault": [fields]})
    told = client.control("POST", "/sandbox/faults", {"fault": [{**fields, "symbol": "XYZ"}]})
    assert (told.status, told.body["error"]) == (
        400,
        "fault 1 (filters): symbol 'XYZ' must be one of BTCUSDT",
    )
    assert client.server.faults == []


def test_every_kind_is_tried_here() -> None:
    told = Path(__file__).read_text()
    assert [kind for kind in KINDS if f'"kind": "{kind}"' not in told] == []
