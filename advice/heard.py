"""From raw answers to advice: the charge of each question, and one piece of advice an adviser. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from advice import ledger
from advice.answer import EnvelopeContent, ReadAnswer, combined, envelope, read_answer
from advice.clean import cleaned
from advice.seat import ApiDialect, Seat
from domain.advice import Advice, AdviserAnswer
from domain.events import AdviceAnswered, AdviceAsked


class Arrived(NamedTuple):
    """An answer, and how many seconds after the questions went out it came."""

    answer: AdviserAnswer
    seconds: float


def answered(
    seat: Seat, event: AdviceAsked, arrived: Arrived, deadline: float, at: datetime, *, retrospective: bool
) -> AdviceAnswered:
    """Return the answer to a question as it is journaled: settled, and read."""
    answer, model = arrived.answer, seat.model
    content = _content(seat.dialect, answer)
    came = answer.status == 200 and not answer.fault
    settled = ledger.charge(event, content.usage, model.micro_in, model.micro_out, answers=came)
    if not answer.sent:
        settled = ledger.Charge(0, 0)
    read = content.wrong or read_answer(content.text, seat.adviser.role)
    late = arrived.seconds > deadline
    why = f"it came after {arrived.seconds:.3g} s, too late" if late and came else ""
    advice = None
    if isinstance(read, ReadAnswer):
        advice = replace(_advice(seat, event, read, at), retrospective=retrospective)
    else:
        why = why or read
    return AdviceAnswered(
        cycle_id=event.cycle_id,
        at=at,
        number=event.number,
        status=answer.status,
        body=answer.body,
        micro_usd=settled.micro_usd,
        tokens=settled.tokens,
        seconds=round(arrived.seconds, 6),
        usage=content.usage,
        advice=advice,
        why=cleaned(why),
        late=late,
        alarm=settled.alarm,
    )


def _content(dialect: ApiDialect, answer: AdviserAnswer) -> EnvelopeContent:
    opened = envelope(answer)
    if isinstance(opened, str):
        return EnvelopeContent("", None, opened)
    try:
        return dialect.content(opened)
    except Exception as error:  # noqa: BLE001 -- of a stranger's making; it counts for nothing, and is charged whole
        return EnvelopeContent("", None, f"the answer cannot be read: {type(error).__name__}")


def _advice(seat: Seat, event: AdviceAsked, read: ReadAnswer, at: datetime) -> Advice:
    question = event.question
    return Advice(
        adviser=seat.name,
        role=question.role,
        symbol=question.symbol,
        candle_ms=question.candle_ms,
        vote=read.vote,
        probability=read.probability,
        reason=cleaned(read.reason),
        weight=seat.adviser.weight,
        identity=question.identity,
        question_sha256=question.sha256,
        answered_at=at,
    )


def advised(seat: Seat, asked: Sequence[AdviceAsked], answers: Iterable[AdviceAnswered]) -> Advice:
    """Return an adviser's advice on a symbol from its answers; where none is of use it abstains."""
    mine = list(answers)
    used = [each.advice for each in mine if each.advice is not None and not each.late]
    read = ReadAnswer(0, 0.5, next((each.why for each in mine if each.why), "no answer"))
    if used:
        read = combined([ReadAnswer(each.vote, each.probability, each.reason) for each in used])
    return replace(
        _advice(seat, asked[0], read, mine[0].at),
        samples=len(used),
        asked=len(asked),
        cost=sum(each.micro_usd for each in mine),
        retrospective=any(each.retrospective for each in used),
    )


def not_asked(seat: Seat, symbol: str, candle_ms: int, why: str) -> Advice:
    """Return what stands for an adviser that was not asked: it abstains, and says why."""
    return Advice(
        adviser=seat.name,
        role=seat.adviser.role,
        symbol=symbol,
        candle_ms=candle_ms,
        vote=0,
        probability=0.5,
        reason=cleaned(why),
        weight=seat.adviser.weight,
        identity=seat.identity,
        samples=0,
        asked=0,
    )
