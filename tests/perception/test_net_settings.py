"""Settings refuse what would send a key in clear, and never show one."""

import pytest
from pydantic import ValidationError

from perception.settings import AlphaVantageSettings, BinanceSettings, PerceptionSettings

KEY = "CANARY7KEY"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.alphavantage.co/query",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://localhost:1/path",
        "http://[::1]:8080",
    ],
)
def test_https_anywhere_and_http_on_loopback_are_accepted(url: str) -> None:
    assert BinanceSettings(base_url=f"{url}/").base_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.binance.com", "plain http must be a loopback host"),
        ("http://10.0.0.1", "plain http must be a loopback host"),
        ("http://localhost.evil.test", "plain http must be a loopback host"),
        ("ftp://127.0.0.1", "must start with https"),
        ("api.binance.com", "must start with https"),
        ("https://", "must name a host"),
        ("https://host/a b", "no spaces"),
        ("https://user:secret@host", "no user, password"),
        ("https://host/?x=1", "no user, password, query"),
        ("https://host:99999", "with a port up to 65535"),
    ],
)
def test_other_urls_are_refused_with_the_reason_and_not_shown(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as caught:
        AlphaVantageSettings(base_url=url)
    assert "secret" not in str(caught.value)


def test_a_key_is_shown_nowhere_and_a_blank_one_is_none() -> None:
    settings = AlphaVantageSettings.model_validate({"api_key": f" {KEY} "})
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == KEY
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert KEY not in shown
    for blank in ("", "  ", None):
        assert AlphaVantageSettings.model_validate({"api_key": blank}).api_key is None
    with pytest.raises(ValidationError) as caught:
        AlphaVantageSettings.model_validate({"api_key": [KEY]})
    assert KEY not in str(caught.value)


def test_defaults_are_the_ones_the_issue_names() -> None:
    venue, shared = AlphaVantageSettings(), PerceptionSettings()
    assert (venue.timeout_seconds, venue.requests_per_second, venue.requests_per_day) == (15, 1, 25)
    assert (shared.breaker.failures, shared.breaker.reset_seconds) == (5, 60)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout_seconds": 0},
        {"timeout_seconds": float("nan")},
        {"requests_per_day": 0},
        {"quotes": {"usdt": "USD"}},
        {"quotes": {"USDT": "US&D"}},
        {"unknown": 1},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AlphaVantageSettings.model_validate(wrong)
