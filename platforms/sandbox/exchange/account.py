"""The account's balances, free and locked, and the holds that open orders have on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from platforms.sandbox.exchange.errors import rejected
from platforms.sandbox.exchange.numbers import ZERO

INSUFFICIENT = "Account has insufficient balance for requested action."


@dataclass
class Hold:
    """The amount locked for an order, or for the two orders of a list together."""

    asset: str
    amount: Decimal = ZERO


@dataclass
class Balances:
    """Free and locked amounts by asset. Nothing is ever negative."""

    free: dict[str, Decimal] = field(default_factory=dict)
    locked: dict[str, Decimal] = field(default_factory=dict)

    @classmethod
    def of(cls, balances: Mapping[str, Decimal]) -> "Balances":
        """Return an account with these free balances."""
        return cls(dict(balances), dict.fromkeys(balances, ZERO))

    def know(self, asset: str) -> None:
        """List an asset, with nothing of it."""
        self.free.setdefault(asset, ZERO)
        self.locked.setdefault(asset, ZERO)

    def hold(self, asset: str, amount: Decimal) -> Hold:
        """Lock an amount. Raises ApiError -2010 when there is not enough."""
        self.need(asset, amount)
        self.free[asset] -= amount
        self.locked[asset] += amount
        return Hold(asset, amount)

    def need(self, asset: str, amount: Decimal) -> None:
        """Raise ApiError -2010 unless that much is free."""
        if self.free.get(asset, ZERO) < amount:
            raise rejected(INSUFFICIENT)

    def release(self, hold: Hold, keep: Decimal = ZERO) -> None:
        """Unlock what a hold has beyond `keep`."""
        back = max(hold.amount - keep, ZERO)
        hold.amount -= back
        self.locked[hold.asset] -= back
        self.free[hold.asset] += back

    def pay(self, asset: str, amount: Decimal, hold: Hold | None) -> None:
        """Spend an amount, from the hold first and the rest from what is free."""
        held = min(hold.amount, amount) if hold else ZERO
        if hold and held:
            hold.amount -= held
            self.locked[asset] -= held
        self.free[asset] -= amount - held

    def receive(self, asset: str, amount: Decimal) -> None:
        """Add to what is free."""
        self.know(asset)
        self.free[asset] += amount

    def total(self, asset: str) -> Decimal:
        """Return free and locked together."""
        return self.free.get(asset, ZERO) + self.locked.get(asset, ZERO)
