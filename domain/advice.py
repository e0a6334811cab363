"""Advice: what a model was asked, what it answered, and what that cost. Money is micro-USD throughout.

An adviser is a configured model in a role. A question is the body of the request, byte for byte; an answer is
what came back, raw; advice is what was read of it, and nothing in it is a price, a size or a stop.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

VOICE = "adviser:"
"""How the name of an adviser's voice begins; the adviser's own name follows."""


def usd(micro_usd: int) -> str:
    """Return an amount of micro-USD as USD, to the last of them."""
    sign = "-" if micro_usd < 0 else ""
    whole, rest = divmod(abs(micro_usd), 1_000_000)
    return f"{sign}{whole}.{rest:06d}"


class Role(StrEnum):
    """The part an adviser takes. A bull argues for an entry, a bear and a critic against it."""

    ANALYST = "analyst"
    BULL = "bull"
    BEAR = "bear"
    CRITIC = "critic"


class AdviserQuestion(msgspec.Struct, frozen=True):
    """One question as it is sent: to whom, about which candle, and the request's body.

    `identity` is the digest of all that makes the adviser what it is (model, role, prompt, samples): one that
    was promoted is the same adviser only while its identity is the same. `sample` counts the independent
    answers that one adviser is asked for, from 0; their bodies are the same. `sha256` is that of the body.
    `lesson_set` and `lesson_sha256` name the set of lessons in force, of which it may tell some.
    """

    adviser: str
    role: Role
    model: str
    symbol: str
    candle_ms: int
    template: int
    identity: str
    body: str
    sha256: str
    sample: int = 0
    lesson_set: int = 0
    lesson_sha256: str = ""


class AdviserAnswer(msgspec.Struct, frozen=True):
    """An answer as it came back: status and body as they were sent, or the fault that stood in the way.

    `sent` is false only where it is certain that no byte of the question left.
    """

    status: int = 0
    body: bytes = b""
    fault: str = ""
    sent: bool = True


class Usage(msgspec.Struct, frozen=True):
    """The tokens an answer says it took."""

    tokens_in: int
    tokens_out: int


class Advice(msgspec.Struct, frozen=True):
    """An adviser's word on one symbol's newest candle, as the cycle took it in.

    `vote` is +1, -1 or 0 (abstains); `probability` that an entry now earns something after costs. `samples`
    of `asked` answers stand behind it; where it is 0 nothing usable came, and `reason` says why. `weight` is
    that of its voice in the vote. `cost` is what all its questions cost. `retrospective` advice was given
    when the outcome could be known.
    """

    adviser: str
    role: Role
    symbol: str
    candle_ms: int
    vote: int
    probability: float
    reason: str = ""
    weight: float = 0.0
    identity: str = ""
    question_sha256: str = ""
    answered_at: datetime | None = None
    samples: int = 1
    asked: int = 1
    cost: int = 0
    retrospective: bool = False

    @property
    def voice(self) -> str:
        """Name of its voice in the vote."""
        return f"{VOICE}{self.adviser}"


class Caps(msgspec.Struct, frozen=True):
    """The most a question, a day's questions (UTC) and a session's may cost, and take in tokens."""

    question: int
    day: int
    session: int
    question_tokens: int
    day_tokens: int
    session_tokens: int


class Charges(msgspec.Struct, frozen=True):
    """Sums over questions: how many were asked and answered, and what they cost."""

    asked: int = 0
    answered: int = 0
    micro_usd: int = 0
    tokens: int = 0


class Reserved(msgspec.Struct, frozen=True):
    """A question whose answer is not settled: its adviser, the day (ordinal, UTC) and what is held for it."""

    adviser: str
    day: int
    micro_usd: int
    tokens: int


class Spend(msgspec.Struct, frozen=True):
    """The cost of advice so far. A reservation counts in full until it is settled, and if it never is.

    `number` is that of the last question. `today` is of the UTC day `day`, `session` of the session that is
    on, `total` of the whole journal, `advisers` the same by adviser's name. `last` is the newest candle (ms)
    each adviser was asked about, by "adviser symbol": it is not asked twice about one. `alarms` counts
    answers whose account of themselves could not be true.
    """

    number: int = 0
    day: int = 0
    today: Charges = Charges()
    session: Charges = Charges()
    total: Charges = Charges()
    advisers: dict[str, Charges] = {}
    open: dict[int, Reserved] = {}
    last: dict[str, int] = {}
    alarms: int = 0
