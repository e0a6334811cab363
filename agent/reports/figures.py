"""The figures of a run as they are told: amounts as decimal texts, ratios as numbers."""

from decimal import Decimal
from typing import Any

from agent.answers.research import Figures
from agent.views.session import decimal
from research.statistics.metrics import Metrics

AMOUNTS = ("expectancy", "fees", "slippage", "costs")


def figures_of_run(figures: Metrics, cash_decimals: int) -> Figures:
    """Return a run's figures, its amounts to the cash unit of its quote currency."""
    return Figures(**figure_fields(figures, cash_decimals))


def figure_fields(figures: Metrics, cash_decimals: int) -> dict[str, Any]:
    """Return the same by the names of its fields."""
    report = vars(figures)
    return report | {name: _amount(report[name], cash_decimals) for name in AMOUNTS}


def _amount(value: float | None, cash_decimals: int) -> str | None:
    return None if value is None else decimal(Decimal(f"{value:.{cash_decimals}f}"))
