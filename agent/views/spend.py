"""The money of advice as it is told: the ledger's fold of a journal, beside the caps of its last session."""

from datetime import date

from advice import ledger
from agent.answers.spend import CapRow, SpendAnswer, SpendRow
from domain.advice import Caps, Charges, Spend, usd
from domain.events import AdviceAnswered, AdviceAsked, SessionStarted
from domain.ports import Records

KINDS = tuple(
    f'{{"type":"{kind}"'.encode() for kind in ("session_started", "advice_asked", "advice_answered")
)


DAY_USD, SESSION_USD = "day, USD", "session, USD"


def folded(records: Records) -> Spend:
    """Return what advice cost in a journal."""
    spend = Spend()
    for row in records.mentions(0, KINDS):
        match row.event:
            case SessionStarted():
                spend = ledger.after_start(spend)
            case AdviceAsked() as event:
                spend = ledger.after_asked(spend, event)
            case AdviceAnswered() as event:
                spend = ledger.after_answered(spend, event)
    return spend


def budgets(spend: Spend, caps: Caps, day: int) -> list[tuple[str, int, int]]:
    """Return each budget, what is used of it on a `day` (ordinal), and its most: micro-USD or tokens."""
    today = spend.today if day <= spend.day else ledger.NOTHING
    return [
        (DAY_USD, today.micro_usd, caps.day),
        (SESSION_USD, spend.session.micro_usd, caps.session),
        ("day, tokens", today.tokens, caps.day_tokens),
        ("session, tokens", spend.session.tokens, caps.session_tokens),
    ]


def amount(name: str, value: int) -> str:
    """Return so much of a budget in words."""
    return usd(value) if name in (DAY_USD, SESSION_USD) else str(value)


def answer(name: str, seq: int, spend: Spend, caps: Caps) -> SpendAnswer:
    """Return the money of advice as an answer."""
    return SpendAnswer(
        journal=name,
        seq=seq,
        day=date.fromordinal(spend.day).isoformat() if spend.day else None,
        today=_row(spend.today),
        session=_row(spend.session),
        total=_row(spend.total),
        advisers={adviser: _row(each) for adviser, each in sorted(spend.advisers.items())},
        open=len(spend.open),
        alarms=spend.alarms,
        caps=[
            CapRow(name=each, used=amount(each, used), most=amount(each, most))
            for each, used, most in budgets(spend, caps, spend.day)
        ],
    )


def _row(sums: Charges) -> SpendRow:
    return SpendRow(asked=sums.asked, answered=sums.answered, usd=usd(sums.micro_usd), tokens=sums.tokens)
