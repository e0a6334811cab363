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
