"""Settings of trading at Binance: where, with which key, and how patiently.

A key must not travel in clear, so plain http is accepted for loopback hosts only.
"""

from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from domain.ports import Certainty
from edge.urls import checked_base_url
from platforms.binance.signing import Signer, signer_of

MEBIBYTE = 1024 * 1024
ENDPOINTS = {
    "live": ("https://api.binance.com", "wss://ws-api.binance.com:443/ws-api/v3"),
    "testnet": ("https://testnet.binance.vision", "wss://ws-api.testnet.binance.vision/ws-api/v3"),
    "demo": ("https://demo-api.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3"),
}
"""REST and WebSocket API of each endpoint."""


RestUrl = Annotated[str, AfterValidator(checked_base_url)]
SocketUrl = Annotated[str, AfterValidator(lambda text: checked_base_url(text, clear="ws", safe="wss"))]


def _secret(value: SecretStr) -> SecretStr:
    signer_of(value.get_secret_value())
    return value


class BinanceTradingSettings(BaseModel):
    """Trading at Binance. Keys come from BINANCE_API_KEY and BINANCE_API_SECRET (or a file's)."""

    # Input is hidden: a validation error must not show a key.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_key: SecretStr | None = Field(None, description="key without withdrawal or transfer rights")
    api_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = Field(
        None, description="its secret (HMAC), or the PEM of its private key (Ed25519, RSA)"
    )
    endpoint: Literal["live", "testnet", "demo"] = Field(
        "testnet", description="which exchange, where no base url is given"
    )
    base_url: RestUrl | None = Field(None, description="another exchange that speaks as Binance does")
    ws_api_url: SocketUrl | None = Field(
        None, description="its WebSocket API; made of the base url if not given"
    )
    recv_window_ms: int = Field(
        5000, ge=100, le=60_000, description="how old a request may be when the exchange gets it"
    )
    margin_ms: int = Field(
        5000, ge=0, le=600_000, description="beyond it, how long an order not found may still turn up"
    )
    not_founds: int = Field(3, ge=2, le=100, description="answers in a row that make a not found proof")
    timeout_seconds: float = Field(3.0, gt=0, le=30, description="deadline of one request, all of it")
    max_bytes: int = Field(8 * MEBIBYTE, ge=1024, le=64 * MEBIBYTE, description="largest answer read")
    reserved_weight: float = Field(
        0.2, ge=0, le=0.9, description="share of the request weight kept for cancel and query"
    )
    max_clock_offset_ms: int = Field(
        500, ge=1, le=5000, description="no entry while our clock is further off the exchange's"
    )
    poll_seconds: float = Field(
        5.0, ge=0.1, le=300, description="pause between two looks at open orders by REST"
    )
    refresh_minutes: float = Field(
        30.0, gt=0, le=1440, description="age at which filters and the clock's offset are read again"
    )
    user_data: bool = Field(
        default=True, description="subscribe to the account's events, so fills are seen at once"
    )
    stop_limit_slip: Decimal | None = Field(
        None,
        gt=0,
        lt=Decimal("0.5"),
        description="send a stop as stop-loss-limit, its limit this far through the trigger; null sends it "
        "as a market order in waiting where the exchange has that, else one percent through. Where the "
        "market jumps over the limit it is not filled, and the position stays",
    )
    any_ip: bool = Field(default=False, description="live: accept a key without an IP restriction")

    @property
    def certainty(self) -> Certainty:
        """The proof of "not found": a request cannot arrive later than its window and a margin."""
        return Certainty(self.recv_window_ms + self.margin_ms, self.not_founds, self.recv_window_ms // 2)

    def signer(self) -> Signer | None:
        """Return what signs with the secret, or None without one. Raises ValueError."""
        return signer_of(self.api_secret.get_secret_value()) if self.api_secret else None

    @property
    def host(self) -> str:
        """Host and port of the REST API."""
        return urlsplit(self.rest_url).netloc

    @property
    def rest_url(self) -> str:
        """The URL of the REST API."""
        return self.base_url or ENDPOINTS[self.endpoint][0]

    @property
    def socket_url(self) -> str:
        """The URL of the WebSocket API."""
        if self.ws_api_url is not None:
            return self.ws_api_url
        if self.base_url is None:
            return ENDPOINTS[self.endpoint][1]
        return f"ws{self.base_url.removeprefix('http')}/ws-api/v3"
