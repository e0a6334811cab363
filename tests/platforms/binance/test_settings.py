"""The adapter's settings say where orders go, and show no key."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from platforms.binance.settings import ENDPOINTS, BinanceTradingSettings


def made(**values: Any) -> BinanceTradingSettings:
    return BinanceTradingSettings.model_validate(values)


@pytest.mark.parametrize("endpoint", list(ENDPOINTS))
def test_each_endpoint_has_its_rest_and_its_websocket_api(endpoint: str) -> None:
    found = made(endpoint=endpoint)
    assert (found.rest_url, found.socket_url) == ENDPOINTS[endpoint]
    assert found.rest_url.startswith("https://")
    assert found.socket_url.startswith("wss://")


@pytest.mark.parametrize(
    ("base", "socket"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/ws-api/v3"),
        ("http://localhost:8080/", "ws://localhost:8080/ws-api/v3"),
        ("http://[::1]:8080", "ws://[::1]:8080/ws-api/v3"),
        ("https://exchange.example", "wss://exchange.example/ws-api/v3"),
    ],
)
def test_the_websocket_api_of_another_exchange_is_made_of_its_base_url(base: str, socket: str) -> None:
    assert made(base_url=base).socket_url == socket


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://api.binance.com"),
        ("base_url", "http://127.0.0.1.evil.example"),
        ("base_url", "ftp://127.0.0.1"),
        ("base_url", "api.binance.com"),
        ("base_url", "https://"),
        ("base_url", "https://user:word@exchange.example"),
        ("base_url", "https://exchange.example?x=1"),
        ("base_url", "https://exchange.example/\n"),
        ("base_url", "https://exchange.example:99999"),
        ("ws_api_url", "ws://ws-api.binance.com"),
        ("ws_api_url", "https://ws-api.binance.com"),
        ("recv_window_ms", 60_001),
        ("reserved_weight", 0.95),
        ("not_founds", 1),
        ("timeout_seconds", 0),
        ("stop_limit_slip", "0"),
        ("stop_limit_slip", "NaN"),
        ("retries", 3),
    ],
)
def test_what_is_unsafe_or_unknown_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        made(**{field: value})


def test_settings_do_not_change_and_show_no_key() -> None:
    found = made(api_key=SecretStr("CANARY"), api_secret=SecretStr("CANARY"))
    with pytest.raises(ValidationError):
        found.recv_window_ms = 1  # type: ignore[misc]  # that is the point
    assert "CANARY" not in f"{found!r} {found} {found.model_dump_json()}"


def test_a_wrong_key_is_not_shown_in_the_error() -> None:
    with pytest.raises(ValidationError) as caught:
        made(api_key=["CANARY"], api_secret={"CANARY": 1})
    assert "CANARY" not in str(caught.value)


def test_absence_is_proven_after_the_window_and_its_margin_and_sending_stops_at_half() -> None:
    assert made(recv_window_ms=4_000, margin_ms=1_000, not_founds=4).certainty == (5_000, 4, 2_000)
