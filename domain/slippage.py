"""A model of slippage as it is kept: what market orders paid beyond their quote, and the law fitted to it."""

import hashlib

import msgspec

from domain.errors import BadInput

LARGEST = 1_000_000
"""Bytes of a model as it is kept; one of 200 symbols has 200,000."""


class SlippageBin(msgspec.Struct, frozen=True):
    """Orders of about one size: their mean share of a candle's volume, and ppm beyond the quote.

    `expected` is what the law says of them in the mean, `measured` what they paid, `high` what nine in ten
    stayed below.
    """

    orders: int
    share: float
    range_ppm: float
    expected: float
    measured: float
    high: float


class Beyond(msgspec.Struct, frozen=True):
    """Ppm that orders paid beyond a price: how many, their mean, their median and their ninth decile."""

    orders: int
    mean: float
    median: float
    high: float


class SymbolSlippage(msgspec.Struct, frozen=True):
    """One symbol: what its market orders paid, and the law's two numbers, 0 where there are not `enough`.

    The law: cost = range * (base + growth * sqrt(share of volume)). `quote` is measured from the quote of the
    decision, `opened` from the open of the candle of the fill, `triggered` from the level of stops and
    targets: those are shown and not fitted, for a gap is in them that a backtest takes from the candles.
    """

    symbol: str
    enough: bool
    needed: int
    base: float
    growth: float
    note: str
    quote: Beyond | None
    opened: Beyond | None
    triggered: Beyond | None
    bins: tuple[SlippageBin, ...]


class SlippageModel(msgspec.Struct, frozen=True):
    """A version of a model: its symbols, and the rows it is made of.

    `timeframe_ms` is the length of the candles whose range and volume it reads. `fingerprint` is the SHA-256
    of the orders measured, out of `journal` up to row `seq`; `left_out` says how many were not, by reason.
    `configured_ppm` is what the journal's last session took for half the spread and slippage.
    """

    name: str
    version: int
    timeframe_ms: int
    journal: str
    journal_id: str
    seq: int
    mode: str
    code_version: str
    fingerprint: str
    configured_ppm: float | None
    left_out: dict[str, int]
    symbols: tuple[SymbolSlippage, ...]


def encoded(model: SlippageModel) -> bytes:
    """Return a model as its bytes: the same model always has the same ones."""
    return msgspec.json.encode(model, order="deterministic")


def identity(model: SlippageModel) -> str:
    """Return the SHA-256 of a model, which names this very version of it."""
    return hashlib.sha256(encoded(model)).hexdigest()


def decoded(text: bytes, where: str) -> SlippageModel:
    """Return a model from its bytes. Raises BadInput where they are none or its numbers are no costs."""
    try:
        model = msgspec.json.decode(text, type=SlippageModel)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadInput(f"{where}: is no slippage model: {error}") from None
    for each in model.symbols:
        if not (0 <= each.base < LARGEST and 0 <= each.growth < LARGEST):
            raise BadInput(
                f"{where}: {each.symbol}: base {each.base:g} and growth {each.growth:g} are no costs"
            )
    return model
