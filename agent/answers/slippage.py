"""Answers on slippage: a model of what market orders paid."""

from msgspec import Struct

from domain.slippage import SlippageModel


class SlippageAnswer(Struct, frozen=True, kw_only=True):
    """`agent slippage fit` and `agent slippage show`: the model, its digest, and its file.

    `file` is "" and `kept` false where no symbol had enough fills.
    """

    model: SlippageModel
    sha256: str
    file: str
    kept: bool
    notes: list[str]


class SlippageHeld(Struct, frozen=True, kw_only=True):
    """A symbol's orders that a model was not made of, in ppm beyond the quote.

    `taken_ppm` is what a backtest takes for them in the mean, by model or settings, `measured_ppm` what they
    paid, `error_ppm` the standard error of the difference; all None where there are not enough.
    """

    symbol: str
    orders: int
    taken_ppm: float | None = None
    measured_ppm: float | None = None
    error_ppm: float | None = None
    too_cheap: bool = False
    note: str = ""


class SlippageCheckAnswer(Struct, frozen=True, kw_only=True):
    """`agent slippage check`: a model against a journal's orders in the rows `after` one, up to `seq`."""

    model: str
    version: int
    journal: str
    after: int
    seq: int
    symbols: list[SlippageHeld]
