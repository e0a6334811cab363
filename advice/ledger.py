"""The ledger of advice: a fold of questions and answers, in micro-USD and tokens. Pure.

A question is charged with its whole reservation when it is asked; its answer may lower that, once. One that
is never answered (a crash, a cut line) stays charged in full. Days are those of UTC by the events' own time,
and none begins again: a clock that was set back goes on counting on the latest day.
"""

from msgspec.structs import replace

from domain.advice import AdviserQuestion, Charges, Reserved, Spend
from domain.events import AdviceAnswered, AdviceAsked

NOTHING = Charges()


def after_start(spend: Spend) -> Spend:
    """Return the spend as a session begins: nothing of it yet, and no earlier question is waited for."""
    return replace(spend, session=NOTHING, open={}) if spend.number else spend


def after_asked(spend: Spend, event: AdviceAsked) -> Spend:
    """Return the spend with a question's reservation charged."""
    question = event.question
    day = max(spend.day, event.at.toordinal())
    today = spend.today if day == spend.day else NOTHING
    more = Charges(1, 0, event.micro_usd, event.tokens)
    known = spend.last.get(about(question), question.candle_ms)
    return replace(
        spend,
        number=event.number,
        day=day,
        today=_added(today, more),
        session=_added(spend.session, more),
        total=_added(spend.total, more),
        advisers=_with(spend.advisers, question.adviser, more),
        open=spend.open | {event.number: Reserved(question.adviser, day, event.micro_usd, event.tokens)},
        last=spend.last | {about(question): max(known, question.candle_ms)},
    )


def after_answered(spend: Spend, event: AdviceAnswered) -> Spend:
    """Return the spend with a question settled; unchanged where it waits for no answer any more."""
    held = spend.open.get(event.number)
    if held is None:
        return spend
    less = Charges(0, 1, event.micro_usd - held.micro_usd, event.tokens - held.tokens)
    return replace(
        spend,
        today=_added(spend.today, less) if held.day == spend.day else spend.today,
        session=_added(spend.session, less),
        total=_added(spend.total, less),
        advisers=_with(spend.advisers, held.adviser, less),
        open={number: each for number, each in spend.open.items() if number != event.number},
        alarms=spend.alarms + bool(event.alarm),
    )


def about(question: AdviserQuestion) -> str:
    """Return the key under which it is remembered whom a question went to, and about which symbol."""
    return f"{question.adviser} {question.symbol}"


def _with(sums: dict[str, Charges], name: str, more: Charges) -> dict[str, Charges]:
    return sums | {name: _added(sums.get(name, NOTHING), more)}


def _added(one: Charges, more: Charges) -> Charges:
    return Charges(
        one.asked + more.asked,
        one.answered + more.answered,
        one.micro_usd + more.micro_usd,
        one.tokens + more.tokens,
    )
