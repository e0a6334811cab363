"""The advisers of a session: settings in, a council out. The wire is imported here alone, for them alone."""

from collections.abc import Callable

from advice.clients import anthropic, openai
from advice.council import Council
from advice.seat import ApiDialect, Seat
from advice.settings import ModelSettings
from agent.host.secret_file import read_secret
from agent.loop.advising import Advising
from agent.loop.session import Session
from agent.settings.settings import Options
from agent.wiring.folded import Parts
from domain.advice import AdviserAnswer
from domain.errors import BadInput
from domain.extras import lacking
from domain.ports import Adviser, Clock

DIALECTS: dict[str, tuple[ApiDialect, str]] = {
    "openai": (openai, openai.PATH),
    "anthropic": (anthropic, anthropic.PATH),
}


def council(options: Options, clock: Clock) -> Council | None:
    """Return the council of a session, None where its settings name no adviser.

    Raises BadInput where the extra is not installed or a key's file holds none.
    """
    settings = options.advice
    if not settings.asks:
        return None
    names = dict.fromkeys(each.model for each in settings.advisers.values())
    wires = {name: _wire(name, settings.models[name]) for name in names}
    seats = []
    for name, adviser in settings.advisers.items():
        model = settings.models[adviser.model]
        seats.append(Seat(name, adviser, model, wires[adviser.model], DIALECTS[model.kind][0]))
    return Council(seats, settings, settings.deadline(options.timeframe_ms), clock)


def seat_advisers(session: Session, parts: Parts) -> None:
    """Let a session ask its advisers, where its settings name any. Raises BadInput as `council` does."""
    inbox = session.inbox
    members = council(parts.options, inbox.clock)
    if members is not None:
        convene(session, parts, members)


def unasked(options: Options, clock: Clock) -> Council:
    """Return the council of a session that asks nobody: its questions are made, and answered elsewhere.

    It needs no extra and no key. Raises BadInput where the settings name no adviser.
    """
    settings = options.advice
    if not settings.advisers:
        raise BadInput("advice.advisers is empty: a tape is heard by the advisers of the settings")
    seats = []
    for name, adviser in settings.advisers.items():
        model = settings.models[adviser.model]
        seats.append(Seat(name, adviser, model, NobodyAdviser(), DIALECTS[model.kind][0]))
    return Council(seats, settings, settings.deadline(options.timeframe_ms), clock)


class NobodyAdviser:
    """An adviser that is never asked. Satisfies the port of advisers."""

    def ask(self, question: bytes, seconds: float) -> AdviserAnswer:
        """Return that nobody was asked."""
        del question, seconds
        return AdviserAnswer(fault="nobody is asked here", sent=False)


def convene(
    session: Session, parts: Parts, members: Council, advising: Callable[..., Advising] = Advising
) -> None:
    """Let a session ask a council."""
    inbox, cycle = session.inbox, session.cycle
    asks = advising(
        council=members,
        record=session.record,
        mind=parts.mind,
        platform=session.platform,
        reasoning=parts.options.reasoning,
        timeframe_ms=parts.options.timeframe_ms,
        trading_lock=inbox.trading_lock,
        blocked=lambda: cycle.also_blocked,
        hurry=lambda: inbox.stopping or inbox.pending_kill is not None,
    )
    cycle.advise = asks


def _wire(name: str, model: ModelSettings) -> Adviser:
    try:
        from advice.clients.wire import HttpAdviser  # noqa: PLC0415  # an extra, and not for who asks nobody
    except ModuleNotFoundError as missing:
        if missing.name != "httpx2":
            raise
        raise BadInput(lacking("an adviser", "advice")) from None
    headers = openai.headers if model.kind == "openai" else anthropic.headers
    return HttpAdviser(f"{model.place}{DIALECTS[model.kind][1]}", headers(key_of(name, model)))


def key_of(name: str, model: ModelSettings) -> str | None:
    """Return a model's key, None where it has none. Raises BadInput for a file that holds none."""
    if model.api_key_file is not None:
        return read_secret(f"advice.models.{name}.api_key_file", model.api_key_file)
    return model.api_key.get_secret_value().strip() if model.api_key is not None else None
