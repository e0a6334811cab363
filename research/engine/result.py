"""The result of a backtest: trades, vetoes and equity, exact to the cash unit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.exits import ENDINGS
from domain.money import DECIMALS
from research.data.candles import Candles, IntArray
from research.engine.equity import MadeWhenAsked

TRADE = np.dtype(
    [
        ("symbol", np.int32),
        ("ending", np.int32),
        ("entry_cycle", np.int64),
        ("opened_ms", np.int64),
        ("closed_ms", np.int64),
        ("lots", np.int64),
        ("bought", np.int64),
        ("sold", np.int64),
        ("gross", np.int64),
        ("fees", np.int64),
        ("slippage", np.int64),
        ("pnl", np.int64),
        ("bound", np.int32),
    ]
)
"""A closed round trip, as domain.account.Trade: amounts in cash units, times in ms (UTC).

`symbol` is the place in Result.symbols, `ending` the place in Result.endings. `gross` is before all costs,
`pnl` after; `bought` and `sold` are notionals at fill prices; gross = pnl + fees + slippage. `bound` is the
code in risk.sizing of what bound the entry's size.
"""

VETO = np.dtype([("cycle", np.int64), ("at_ms", np.int64), ("symbol", np.int32), ("rule", np.int32)])
"""A denied decision; `rule` is the code in risk.codes (0: nothing to reduce)."""


@dataclass(frozen=True, eq=False)
class Result:
    """One backtest, exact to the cash unit.

    `times_ms` and `equity` hold one value per cycle: when it was, and cash plus positions at their
    marks at its end, in cash units of `cash_decimals`. Of a lone symbol `equity` is made when somebody first
    asks for it, or before the result is sent to another process. `held` is the number of cycles that ended
    with a position, `max_drawdown` the deepest fall from a peak, as a fraction of it. `divided` is how often
    a custom exit divided by zero and so asked for nothing, and the last line that did.
    """

    symbols: tuple[str, ...]
    timeframe_ms: int
    opening_cash: int
    cash: int
    times_ms: IntArray
    equity: IntArray
    trades: NDArray[Any]
    vetoes: NDArray[Any]
    held: int
    max_drawdown: float = 0.0
    kill_switch_ms: int | None = None
    open_positions: tuple[dict[str, Any], ...] = ()
    strategies: tuple[str, ...] = ()
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    candles: Sequence[Candles] = field(default=(), repr=False)
    cash_decimals: int = DECIMALS
    endings: tuple[str, ...] = ENDINGS
    divided: tuple[int, int] = (0, 0)

    def __getstate__(self) -> dict[str, Any]:
        """Return all fields, equity made."""
        return {**vars(self), "equity": self.equity}

    @property
    def cash_scale(self) -> int:
        """Cash units in one unit of the quote currency."""
        return int(10**self.cash_decimals)

    @property
    def cycles(self) -> int:
        """Number of cycles."""
        return len(self.times_ms)

    @cached_property
    def fingerprints(self) -> tuple[str, ...]:
        """Fingerprint of each symbol's candles; worked out when first asked for."""
        return tuple(each.fingerprint for each in self.candles)


# Behind the class, for which it would be a field's default.
Result.equity = MadeWhenAsked("equity")  # type: ignore[assignment]  # reads as the array it makes
