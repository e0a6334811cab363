"""A key and its secret leave no trace in errors, logs, reprs and tracebacks, whatever is provoked."""

import io
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from domain.errors import BoydError
from platforms.binance.platform import BinancePlatform
from tests.platforms.binance.orders import SELL, STOP, TARGET, order
from tests.platforms.binance.scripted import KEY, SECRET, Asked, Scripted, Told, platform, row, trade
from tests.platforms.binance.world import SandboxWorld, served

CANARY = "CANARY"
assert CANARY in KEY
assert CANARY in SECRET


def echo(status: int, code: int) -> Callable[[Asked], Told]:
    """An exchange that repeats all it was sent, and the secret it should not know."""

    def tell(asked: Asked) -> Told:
        return Told({"code": code, "msg": f"{KEY} {SECRET} {asked.params} {asked.headers}"}, status)

    return tell


BEHAVIOURS: dict[str, Callable[[Asked], Any]] = {
    "hung up": lambda _: None,
    "HTML": lambda asked: Told(f"<html>{asked}{KEY}{SECRET}</html>".encode(), 502),
    "no JSON": lambda asked: Told(f"{KEY}{SECRET}{asked}".encode()),
    "redirect": lambda _: Told(b"", 302, {"Location": f"http://{KEY}.invalid/{SECRET}"}),
    "refused": echo(400, -1022),
    "unknown": echo(504, -1007),
    "banned": echo(418, -1003),
    "as values": lambda _: {
        "status": KEY,
        "serverTime": SECRET,
        "orderId": KEY,
        "symbol": SECRET,
        KEY: SECRET,
    },
    "as a list": lambda _: [KEY, SECRET],
    "duplicate key": lambda _: Told(f'{{"{KEY}": 1, "{KEY}": 2}}'.encode()),
    "header": lambda _: Told(b"{}", 429, {"Retry-After": KEY, "X-MBX-USED-WEIGHT-1M": SECRET}),
}


@pytest.fixture
def written() -> Iterator[Callable[[], str]]:
    """Everything that is logged so far, down to what the libraries say while they are debugged."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        yield lambda: f"{out.getvalue()}{logs!r}"
    root.removeHandler(handler)
    root.setLevel(level)


def provoked(venue: BinancePlatform) -> list[str]:
    """Call everything, and return what is said of it."""
    stop, target = order(SELL, STOP, level=4_900_000), order(SELL, TARGET, level=5_100_000, client_id="t")
    said = [
        repr(vars(venue)),
        repr(venue),
        str(venue.settings),
        repr(venue.wire),
        repr(vars(venue.wire).keys()),
    ]
    calls: list[Callable[[], Any]] = [
        lambda: venue.place(order(SELL, client_id=f"id-{len(said)}")),
        lambda: venue.place_oco(stop, target),
        lambda: venue.cancel("BTC-USDT", "x"),
        lambda: venue.query("BTC-USDT", "x"),
        venue.open_orders, venue.balances, venue.poll, venue.listing.read, venue.account_id, venue.rights,
        venue.pays_with_bnb,
    ]  # fmt: skip
    for call in calls:
        try:
            said.append(repr(call()))
        except BoydError as error:
            said.append("".join(traceback.format_exception(error)) + repr(error))
            chain: BaseException | None = error
            while chain is not None:
                said.append(repr(chain))
                chain = chain.__cause__
    return said


@pytest.mark.parametrize("name", list(BEHAVIOURS))
def test_the_key_is_in_no_error_and_no_log(name: str, written: Callable[[], str]) -> None:
    with Scripted() as exchange:
        venue = platform(exchange)
        paths = ("order", "orderList/oco", "openOrders", "account", "myTrades", "time", "exchangeInfo",
                 "/sapi/v1/account/apiRestrictions", "/sapi/v1/bnbBurn")  # fmt: skip
        for method in ("GET", "POST", "DELETE"):
            for path in paths:
                exchange.on(method, path, BEHAVIOURS[name])
        said = provoked(venue)
        venue.close()
    assert [text for text in said if CANARY in text] == []
    assert CANARY not in written()


def test_the_key_is_in_nothing_said_of_an_order_and_its_trades(written: Callable[[], str]) -> None:
    with Scripted() as exchange:
        venue = platform(exchange)
        exchange.on("GET", "order", lambda _: row(KEY, side="BUY"))
        exchange.on(
            "GET", "myTrades", lambda _: [trade(1, "0.01000", commission="1", commissionAsset=SECRET)]
        )
        exchange.on("POST", "order", echo(400, -2010))
        said = provoked(venue)
        venue.close()
    assert [text for text in said if CANARY in text] == []
    assert CANARY not in written()


def test_the_key_is_in_no_log_of_the_event_stream(written: Callable[[], str]) -> None:
    with served(key=KEY, secret=SECRET) as server:
        keys = {"api_key": SecretStr(KEY), "api_secret": SecretStr(SECRET)}
        world = SandboxWorld(server, user_data=True, **keys)
        events = world.binance.events
        assert events is not None
        end = time.monotonic() + 60
        while not events.connected:
            assert time.monotonic() < end
            time.sleep(0.01)
        world.platform.close()
    assert CANARY not in written()
    assert "userDataStream" not in written()  # no frame at all: the library cuts long ones where it likes
