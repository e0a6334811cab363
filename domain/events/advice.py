"""The events of advice: a question and what it may cost, its answer and what it did."""

from datetime import datetime

import msgspec

from domain.advice import Advice, AdviserQuestion, Usage


class AdviceAsked(msgspec.Struct, frozen=True, tag="advice_asked"):
    """A question about to be sent to an adviser; committed with its reservation before it is sent, once.

    `number` counts a journal's questions from 1. So much money and so many tokens are reserved, the most
    the answer may cost; they stay charged until an AdviceAnswered says less.
    """

    cycle_id: int
    at: datetime
    number: int
    question: AdviserQuestion
    micro_usd: int
    tokens: int


class AdviceAnswered(msgspec.Struct, frozen=True, tag="advice_answered"):
    """The answer to question `number`, raw, and what it is charged with; committed before it is used.

    `usage` is as the answer tells it. `advice` is what was read of this answer alone; without it `why` says
    what was wrong. `late` answers are charged and not used. `alarm` is set where the answer's account of
    itself cannot be true: the reservation then stays charged.
    """

    cycle_id: int
    at: datetime
    number: int
    status: int
    body: bytes
    micro_usd: int
    tokens: int
    seconds: float
    usage: Usage | None = None
    advice: Advice | None = None
    why: str = ""
    late: bool = False
    alarm: str = ""
