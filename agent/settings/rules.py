"""The rules of settings that a session and the fold of its journal have in common."""

from pydantic import BaseModel, ValidationInfo, field_validator

from agent.settings.pairs import Base, PairSettings, checked
from domain.times import TIMEFRAMES
from risk.settings import RiskSettings


class SessionRules(BaseModel):
    """The checks of `timeframe`, `risk` and `pairs`, for models that have these fields."""

    @field_validator("timeframe", check_fields=False)
    @classmethod
    def _timeframe(cls, value: str) -> str:
        if value not in TIMEFRAMES:
            raise ValueError(f"must be one of {', '.join(TIMEFRAMES)}")
        return value

    @field_validator("risk", check_fields=False)
    @classmethod
    def _real_money(cls, value: RiskSettings, info: ValidationInfo) -> RiskSettings:
        """Tighten the limits that nobody set, in mode live, and those an older version did not record."""
        if info.data.get("mode") != "live":
            return value
        return value.for_live(symbol.partition("-")[2] for symbol in info.data.get("symbols", ()))

    @field_validator("pairs", check_fields=False)
    @classmethod
    def _pairs(cls, value: dict[str, PairSettings], info: ValidationInfo) -> dict[str, PairSettings]:
        parts = [info.data.get(name) for name in Base._fields]
        return value if None in parts or not value else checked(value, Base(*parts))  # type: ignore[arg-type]  # none is None
