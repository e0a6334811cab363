"""Pair lists: which candidates may be entered now, what was measured of each, and why others may not."""

import msgspec


class OffList(msgspec.Struct, frozen=True, omit_defaults=True):
    """The reason for which a candidate is off the list: the filter's name, its measurement and its limit.

    `least` says that the limit is a minimum. What has no measurement says why in `note`.
    """

    filter: str
    measured: float | None = None
    limit: float | None = None
    unit: str = ""
    least: bool = False
    note: str = ""

    @property
    def measured_text(self) -> str:
        """The measurement in words: "volume 1200 USDT in 24 h"."""
        if self.measured is None:
            return ": ".join(each for each in (self.filter, self.note) if each)
        return f"{self.filter} {_number(self.measured)} {self.unit}".rstrip()

    @property
    def limit_text(self) -> str:
        """The limit in words: "at least 1000000"; "listed" where nothing was measured."""
        if self.limit is None:
            return "listed"
        return f"at {'least' if self.least else 'most'} {_number(self.limit)}"


NO_LIST = OffList("no list", note="no pair list has been made of it yet")
"""The reason against a candidate of which no list says anything."""


class ListedPair(msgspec.Struct, frozen=True, omit_defaults=True):
    """One candidate as it was measured; what is not known is None. It may be entered where `off` is None.

    `volume` is what was traded in the window, in quote; `rank` its place among the candidates' volumes, from
    1. `age_days` since it was first traded, `spread_bp` between bid and ask in hundredths of a percent,
    `volatility` the window's highest price above its lowest, in percent.
    """

    symbol: str
    volume: float | None = None
    rank: int | None = None
    age_days: float | None = None
    spread_bp: float | None = None
    volatility: float | None = None
    off: OffList | None = None


def _number(value: float) -> str:
    return f"{value:.10g}" if abs(value) < 1e10 else f"{value:.0f}"
