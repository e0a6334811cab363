"""Settings of perception: where each network provider lives and how patiently it is asked.

A key must not travel in clear, so plain http is accepted for loopback hosts only. Importing this
file costs pydantic and nothing else.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

from domain.errors import BadInput
from edge.urls import checked_base_url
from perception.files.formats import NAMES
from perception.files.layout import COLUMNS, Reading
from perception.files.stamps import zone_of

MEBIBYTE = 1024 * 1024
CURRENCY = re.compile(r"[A-Z0-9]{2,6}")


class _Settings(BaseModel):
    # Input is hidden: a validation error must not show a key or a URL that holds a password.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


BaseUrl = Annotated[str, AfterValidator(checked_base_url)]
StreamUrl = Annotated[str, AfterValidator(lambda text: checked_base_url(text, clear="ws", safe="wss"))]


class BreakerSettings(_Settings):
    """The circuit breaker of a provider that keeps failing."""

    failures: int = Field(5, ge=1, le=100, description="failed calls in a row that open the breaker")
    reset_seconds: float = Field(
        60.0, gt=0, le=3600, description="how long it stays open before one probe is let through"
    )


class RetrySettings(_Settings):
    """Exponential backoff with full jitter; only transient faults are tried again."""

    attempts: int = Field(3, ge=1, le=10, description="tries per call, the first included")
    first_wait_seconds: float = Field(
        0.5, gt=0, le=60, description="largest wait before the second try; doubles with each further one"
    )
    max_wait_seconds: float = Field(8.0, gt=0, le=300, description="cap of that doubling")


class CacheSettings(_Settings):
    """The age up to which an answer is good, and the number of answers kept."""

    ttl_seconds: float = Field(
        5.0, ge=0, le=86_400, description="age up to which an answer serves the same request again"
    )
    max_entries: int = Field(256, ge=1, le=10_000, description="answers kept per provider")
    refusal_seconds: float = Field(
        600.0, ge=0, le=86_400, description="how long a permanent no is remembered instead of asked again"
    )


class NewsSettings(_Settings):
    """Headlines: whether, how far back and how often they are fetched."""

    enabled: bool = Field(default=True, description="fetch headlines when a news provider has its key")
    window_hours: float = Field(24.0, gt=0, le=720, description="how far back headlines count")
    limit: int = Field(50, ge=1, le=1000, description="headlines per symbol at most")
    refresh_seconds: float = Field(
        7200.0, ge=60, le=86_400, description="age up to which fetched headlines serve again"
    )


class AlphaVantageSettings(_Settings):
    """Alpha Vantage. Without a key it is not asked."""

    api_key: SecretStr | None = Field(None, description="key from alphavantage.co/support/#api-key")
    base_url: BaseUrl = Field("https://www.alphavantage.co/query", description="where its API answers")
    timeout_seconds: float = Field(
        15.0, gt=0, le=120, description="deadline of a whole call, retries included"
    )
    max_bytes: int = Field(8 * MEBIBYTE, ge=1024, le=64 * MEBIBYTE, description="largest answer read")
    requests_per_second: float = Field(1.0, gt=0, le=100, description="rate the key allows")
    requests_per_day: int | None = Field(
        25, ge=1, le=10_000, description="requests in any 24 hours; null for a key without a daily limit"
    )
    cache_seconds: float | None = Field(
        60.0,
        ge=0,
        le=86_400,
        description="its own cache.ttl_seconds, as its day is short; null for the shared one",
    )
    adjusted_daily: bool = Field(
        default=False, description="ask for daily shares with their splits, which takes a premium key"
    )
    quotes: dict[str, str] = Field(
        default_factory=lambda: {"USDT": "USD", "USDC": "USD"},
        description="quote assets it knows under another market code (a dollar coin is priced as the dollar)",
    )

    @field_validator("api_key", mode="after")
    @classmethod
    def _blank_is_none(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value().strip():
            return None
        return SecretStr(key.get_secret_value().strip())

    @field_validator("quotes")
    @classmethod
    def _codes(cls, quotes: dict[str, str]) -> dict[str, str]:
        for code in (*quotes, *quotes.values()):
            if not CURRENCY.fullmatch(code):
                raise ValueError(f"quote {code!r} must be 2 to 6 capital letters or digits")
        return quotes


class BinanceSettings(_Settings):
    """Binance public market data; needs no key."""

    base_url: BaseUrl = Field("https://api.binance.com", description="where its REST API answers")
    timeout_seconds: float = Field(
        15.0, gt=0, le=120, description="deadline of a whole call, retries included"
    )
    max_bytes: int = Field(8 * MEBIBYTE, ge=1024, le=64 * MEBIBYTE, description="largest answer read")
    requests_per_second: float = Field(10.0, gt=0, le=100, description="rate kept towards the exchange")
    cache_seconds: float | None = Field(
        None, ge=0, le=86_400, description="its own cache.ttl_seconds; null for the shared one"
    )


class StreamSettings(_Settings):
    """Binance's public market stream; needs no key."""

    base_url: StreamUrl = Field(
        "wss://stream.binance.com:9443", description="where its market streams answer"
    )
    queue_messages: int = Field(
        100, ge=1, le=100_000, description="messages that wait to be understood; the oldest is dropped"
    )
    watchdog_seconds: float = Field(
        60.0, gt=0, le=3600, description="silence after which it is not believed and is connected anew"
    )
    max_age_seconds: float = Field(
        85_800.0, ge=1, le=86_400, description="age at which a connection is left; Binance ends it at 24 h"
    )
    open_timeout_seconds: float = Field(10.0, gt=0, le=60, description="longest a connection may take")
    first_wait_seconds: float = Field(
        0.5, gt=0, le=60, description="largest wait before it connects again; doubles with each failure"
    )
    max_wait_seconds: float = Field(60.0, gt=0, le=300, description="cap of that doubling")
    connections_per_5_minutes: int = Field(
        300, ge=1, le=300, description="connections tried in any 5 minutes; Binance allows 300"
    )
    max_bytes: int = Field(64 * 1024, ge=1024, le=MEBIBYTE, description="largest message read")
    memory_candles: int = Field(1500, ge=3, le=10_000, description="final candles remembered per symbol")
    settle_seconds: float = Field(
        2.0, ge=0, le=30, description="how long a final candle is awaited before REST is asked for it"
    )


class PerceptionSettings(_Settings):
    """The settings all providers share."""

    budget_seconds: float = Field(
        12.0, gt=0, le=120, description="longest a cycle waits for providers that were chosen automatically"
    )
    cached_seconds: float = Field(
        300.0, ge=0, le=86_400, description="age up to which a kept answer is preferred to simulated candles"
    )
    warmup_candles: int = Field(
        250, ge=1, le=1000, description="closed candles asked for before the first cycle"
    )
    breaker: BreakerSettings = Field(default_factory=BreakerSettings)
    retry: RetrySettings = Field(default_factory=RetrySettings)
    cache: CacheSettings = Field(default_factory=CacheSettings)
    news: NewsSettings = Field(default_factory=NewsSettings)


class FileSettings(_Settings):
    """The format of candle files, where they do not say it themselves."""

    format: str | None = Field(None, description="format of files that are not recognised, such as binance")
    columns: dict[str, str] = Field(
        default_factory=dict, description='columns by name or number, as { close = "Price", volume = "-" }'
    )
    timezone: str | None = Field(None, description="zone of times that name none, such as UTC")

    @field_validator("format")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in NAMES:
            raise ValueError(f"must be one of {', '.join(NAMES)}")
        return value

    @field_validator("columns")
    @classmethod
    def _fields(cls, value: dict[str, str]) -> dict[str, str]:
        other = [name for name in value if name not in COLUMNS]
        if other:
            raise ValueError(f"{', '.join(other)}: fields are {', '.join(COLUMNS)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        try:
            return value if value is None else zone_of(value).key
        except BadInput:
            raise ValueError("is no zone such as UTC, America/New_York or Europe/Berlin") from None

    @property
    def reading(self) -> Reading:
        """The reading of a session's files."""
        return Reading(self.format, tuple(sorted(self.columns.items())), self.timezone)
