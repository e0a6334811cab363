"""The ledger of advice: a fold of questions and answers, in micro-USD and tokens. Pure.

A question is charged with its whole reservation when it is asked; its answer may lower that, once. One that
is never answered (a crash, a cut line) stays charged in full. Days are those of UTC by the events' own time,
and none begins again: a clock that was set back goes on counting on the latest day.
"""

from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from domain.advice import AdviserQuestion, Caps, Charges, Reserved, Spend, Usage, usd
from domain.events import AdviceAnswered, AdviceAsked

NOTHING = Charges()
MILLION = 1_000_000
BUDGET = "the budget of the "
"""How a refusal begins."""


def reserve(bytes_in: int, tokens_out: int, micro_in: int, micro_out: int) -> tuple[int, int]:
    """Return micro-USD and tokens a question may cost at most, rounded up.

    A byte-level tokenizer makes at most one token of a byte, so a body's bytes bound its tokens. Prices are
    in micro-USD per million tokens.
    """
    return cost(bytes_in, tokens_out, micro_in, micro_out), bytes_in + tokens_out


def cost(tokens_in: int, tokens_out: int, micro_in: int, micro_out: int) -> int:
    """Return the micro-USD of so many tokens, rounded up."""
    return -(-(tokens_in * micro_in + tokens_out * micro_out) // MILLION)


def refusal(spend: Spend, caps: Caps, micro_usd: int, tokens: int, day: int) -> str:
    """Return why a question may not be asked on `day` (ordinal, UTC), "" where it may; any doubt refuses."""
    today = spend.today if day <= spend.day else NOTHING
    limits = (
        ("question", micro_usd, caps.question, "USD"),
        ("day", today.micro_usd + micro_usd, caps.day, "USD"),
        ("session", spend.session.micro_usd + micro_usd, caps.session, "USD"),
        ("question", tokens, caps.question_tokens, "tokens"),
        ("day", today.tokens + tokens, caps.day_tokens, "tokens"),
        ("session", spend.session.tokens + tokens, caps.session_tokens, "tokens"),
    )
    if micro_usd < 0 or tokens <= 0:
        return "its cost is not known"
    for name, wanted, most, unit in limits:
        if not 0 <= wanted <= most:
            amounts = (usd(wanted), usd(most)) if unit == "USD" else (str(wanted), str(most))
            why = f"{BUDGET}{name} is {amounts[1]} {unit}, with it {amounts[0]} would be used"
            return f"{why}{_set_back(spend, day)}" if name == "day" else why
    return ""


def _set_back(spend: Spend, day: int) -> str:
    """Say which day is still counted on, where a clock that was ahead has been set back."""
    if day >= spend.day:
        return ""
    return f"; the clock was set back, {date.fromordinal(spend.day)} is counted on until then"


class Charge(NamedTuple):
    """A question's charge once its answer is known, and what is odd about the answer's account of itself."""

    micro_usd: int
    tokens: int
    alarm: str = ""


def charge(
    asked: AdviceAsked, usage: Usage | None, micro_in: int, micro_out: int, *, answers: bool
) -> Charge:
    """Return a question's charge: by its usage where that can be true, else all that was reserved.

    `answers` says that an answer came that should tell its usage; one that does not raises an alarm.
    """
    whole = Charge(asked.micro_usd, asked.tokens)
    if usage is None:
        return whole._replace(alarm="the answer does not tell what it took") if answers else whole
    charged = cost(usage.tokens_in, usage.tokens_out, micro_in, micro_out)
    tokens = usage.tokens_in + usage.tokens_out
    if usage.tokens_in < 0 or usage.tokens_out < 0:
        return whole._replace(alarm="the answer tells less than nothing")
    if charged > asked.micro_usd or tokens > asked.tokens:
        return whole._replace(alarm=f"the answer tells {tokens} tokens, more than were reserved")
    return Charge(charged, tokens)


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
