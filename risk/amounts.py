"""Amounts as people set them: in quote, as a share of equity, or as a share with a most beside it.

`20` is an amount, `"3%"` a share of equity, `"3% up to 20"` the less of both. Read once, written as given.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainValidator

from domain.money import DECIMALS, MAX_AMOUNT, MAX_CASH, PPM, to_cash

NUMBER = r"[0-9]+(?:\.[0-9]+)?"
SHARE = re.compile(rf"({NUMBER})\s*%(?:\s+up\s+to\s+({NUMBER}))?")
SIGNED = re.compile(rf"([+-]?{NUMBER})\s*%")
STAKE = 'must be a share of equity such as "5%" (0% to 100%), an amount in quote such as 100, or "all"'
FORM = f"an amount in quote from 0 to {MAX_AMOUNT} with at most 8 decimals"


class Bound(NamedTuple):
    """A limit: an amount in quote (None for none) and a share of equity in ppm (None for none)."""

    amount: Decimal | None
    ppm: int | None

    def packed(self, decimals: int) -> tuple[int, int]:
        """Return amount in cash units and share, as risk.limits takes them. Raises ValueError beyond them."""
        most = MAX_CASH if self.amount is None else to_cash(self.amount, decimals)
        if self.ppm is None:
            return most, 0
        return (most, self.ppm) if self.ppm else (0, 0)


def read(value: Decimal | str) -> Bound:
    """Return what a checked setting says."""
    if isinstance(value, Decimal):
        return Bound(value, None)
    match = SHARE.fullmatch(value)
    if match is None:
        return Bound(Decimal(value), None)
    return Bound(None if match[2] is None else Decimal(match[2]), int(Decimal(match[1]) * PPM / 100))


def written(bound: Bound) -> Decimal | str:
    """Return a limit as a setting says it; without an amount and a share it is none, and 100 % of equity."""
    if bound.ppm is None:
        return "100%" if bound.amount is None else bound.amount
    share = f"{(Decimal(bound.ppm) * 100 / PPM).normalize():f}%"
    return share if bound.amount is None else f"{share} up to {bound.amount.normalize():f}"


def _amount(value: Any) -> Decimal:
    try:
        result = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"must be {FORM}, or a share of equity such as 3%") from None
    if not (result.is_finite() and 0 <= result <= MAX_AMOUNT) or result != round(result, DECIMALS):
        raise ValueError(f"must be {FORM}, or a share of equity such as 3%")
    return result


def _percent(text: str) -> str:
    share = Decimal(text)
    if share > 100 or share != round(share, 4):
        raise ValueError(f"{text}% must be from 0% to 100% with at most 4 decimals")
    return f"{share.normalize():f}%"


def _bound(value: Any) -> Decimal | str:
    match = SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return _amount(value)
    share = _percent(match[1])
    return share if match[2] is None else f"{share} up to {_amount(match[2]).normalize():f}"


def _fraction(value: Any) -> Any:
    """Return `"15%"` as 0.15; anything else is checked as it is."""
    match = SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(match[1]) / 100 if match and match[2] is None else value


def _signed(value: Any) -> Any:
    """Return `"-2%"` as -0.02; anything else is checked as it is."""
    match = SIGNED.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(match[1]) / 100 if match else value


def _stake(value: Any) -> Decimal | str | None:
    if value is None or value in ("", "(none)"):
        return None
    if isinstance(value, str) and value.strip().lower() == "all":
        return "all"
    try:
        result = _bound(value)
    except ValueError:
        raise ValueError(STAKE) from None
    if isinstance(result, str) and " up to " in result:
        raise ValueError(STAKE)
    if result in (Decimal(0), "0%"):
        raise ValueError("must be above 0; without a stake entries are sized by risk_per_trade")
    return result


AmountOrShare = Annotated[Decimal | str, PlainValidator(_bound)]
"""An amount in quote, a share of equity, or the less of both."""
Fraction = BeforeValidator(_fraction)
"""Lets a fraction be given in per cent."""
SignedFraction = BeforeValidator(_signed)
"""Lets a fraction that may be below 0 be given in per cent."""
Stake = Annotated[Decimal | str | None, PlainValidator(_stake)]
"""What an entry is worth: a share of equity, an amount in quote, or all the free cash."""
