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


def answer(name: str, seq: int, spend: Spend, caps: Caps) -> SpendAnswer:
    """Return the money of advice as an answer."""
    used = (
        ("day, USD", usd(spend.today.micro_usd), usd(caps.day)),
        ("session, USD", usd(spend.session.micro_usd), usd(caps.session)),
        ("day, tokens", str(spend.today.tokens), str(caps.day_tokens)),
        ("session, tokens", str(spend.session.tokens), str(caps.session_tokens)),
    )
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
        caps=[CapRow(name=each, used=amount, most=most) for each, amount, most in used],
    )


def _row(sums: Charges) -> SpendRow:
    return SpendRow(asked=sums.asked, answered=sums.answered, usd=usd(sums.micro_usd), tokens=sums.tokens)
