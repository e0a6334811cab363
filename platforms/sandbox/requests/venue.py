"""All that stands behind the wire: the exchange, who may ask it, how often, and what the key may do."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from platforms.sandbox.exchange.exchange import Exchange
from platforms.sandbox.requests.limits import RateLimits
from platforms.sandbox.requests.security import Credentials


@dataclass
class KeyRights:
    """The rights of the key, as `apiRestrictions` tells them."""

    ip_restricted: bool = True
    withdrawals: bool = False
    transfers: bool = False
    trading: bool = True
    created_ms: int = 1_600_000_000_000

    def told(self) -> dict[str, Any]:
        """Return the answer of `apiRestrictions`."""
        return {
            "ipRestrict": self.ip_restricted,
            "createTime": self.created_ms,
            "enableReading": True,
            "enableWithdrawals": self.withdrawals,
            "enableInternalTransfer": self.transfers,
            "enableMargin": False,
            "enableFutures": False,
            "permitsUniversalTransfer": self.transfers,
            "enableVanillaOptions": False,
            "enableFixApiTrade": False,
            "enableFixReadOnly": False,
            "enableSpotAndMarginTrading": self.trading,
            "enablePortfolioMarginTrading": False,
        }


@dataclass
class Venue:
    """The exchange with its key, limits and rights, as an operation works on them.

    While a request is handled, `take` is the share of its order that finds a counterpart at once, and
    `defer`, when set, is handed the execution instead of it being done.
    """

    exchange: Exchange
    credentials: Credentials
    limits: RateLimits = field(default_factory=RateLimits)
    rights: KeyRights = field(default_factory=KeyRights)
    account_id: int = 100_000_001
    take: Decimal = Decimal(1)
    defer: Callable[[Callable[[], Any]], None] | None = None

    @contextmanager
    def handling(
        self, take: Decimal, defer: Callable[[Callable[[], Any]], None] | None
    ) -> Generator[None, None, None]:
        """Hold the exchange for one request with these."""
        with self.exchange.lock:
            self.take, self.defer = take, defer
            try:
                yield
            finally:
                self.take, self.defer = Decimal(1), None
