"""Evidence for a parameter set."""

from typing import Any

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """Evidence for a parameter set, as a study measured it on candles with this fingerprint.

    `present` is what was in force at the study's time. `trials` counts the parameter sets that were
    tried; the deflated Sharpe ratio and the probability of backtest overfitting (`pbo`) are None where
    the study did not work them out.
    """

    data_fingerprint: str
    in_sample_sharpe: float
    out_of_sample_sharpe: float
    present: dict[str, Any]
    present_in_sample_sharpe: float
    present_out_of_sample_sharpe: float
    trials: int
    deflated_sharpe: float | None = None
    pbo: float | None = None
    source: str = ""
