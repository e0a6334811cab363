"""The chat of a home, made as its settings say."""

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from functools import partial

from agent.alerts.listing import acknowledge
from agent.answers.alerts import AlertKind, Severity
from agent.host import log
from agent.notices import Notices
from agent.serve.chat.chat import Chat, ChatParts
from agent.serve.chat.queries import InfoDesk
from agent.serve.chat.steering import Helm
from agent.serve.chat.strangers import Doorkeeper
from agent.serve.chat.summaries import summary
from agent.serve.chat.watch import ChatWatch, Trouble
from agent.serve.fleet.fleet import Fleet
from agent.serve.fleet.supervisor import Supervisor
from agent.settings.hidden import hidden_texts
from agent.settings.home import Home
from agent.settings.upkeep.telegram import TelegramSettings
from agent.telegram.client import Bot
from domain.errors import BoydError
from domain.ports import Clock


def chat_of(
    home: Home,
    fleet: Fleet,
    clock: Clock,
    settings: TelegramSettings,
    supervisor: Supervisor | None = None,
    tokens: Iterable[str] = (),
) -> Chat | None:
    """Return the chat, not yet begun; None where no token is set. `tokens` are more that nobody is shown.

    Raises BadInput for a token's file that cannot be read.
    """
    token = settings.secret()
    if token is None:
        return None
    began, shut = clock.monotonic(), [token, *tokens]
    notices = partial(Notices, home.notices)
    log.also(home.root, [token])
    life = ChatParts(
        taking=Bot(settings.base_url, token),
        sending=Bot(settings.base_url, token),
        doorkeeper=Doorkeeper(settings.chats, settings.users),
        desk=InfoDesk(
            fleet,
            home.root,
            hidden=lambda: [*shut, *hidden_texts(home.root)],
            up_seconds=lambda: clock.monotonic() - began,
            summary=lambda name: summary(home, name),
        ),
        helm=Helm(home, clock, supervisor),
        watch=ChatWatch(clock, _teller(notices, clock)),
        file=home.root / "serve" / "chat.db",
        acknowledge=lambda identity, by: _acknowledged(home, clock, identity, by),
        poll_seconds=settings.poll_seconds,
    )
    return Chat(life)


def _teller(notices: Callable[[], Notices], clock: Clock) -> Callable[[Trouble], None]:
    """Return what keeps a trouble of the chat as an incident, which other channels tell."""

    def told(trouble: Trouble) -> None:
        with suppress(BoydError), closing(notices()) as opened:  # it is in the log as well
            if trouble.over:
                opened.end(trouble.key, trouble.text, clock.now())
                return
            words = "Telegram takes no commands", trouble.text
            opened.open(trouble.key, AlertKind.CHANNEL_DEAD, Severity.WARNING, None, *words, clock.now())

    return told


def _acknowledged(home: Home, clock: Clock, identity: str, by: str) -> str:
    """Note that somebody sees to an alert. Raises BadInput for none, NoticesFault."""
    (first,) = acknowledge(home.notices, [identity], by, clock.now())
    return f"#{identity} is seen to by {first.by} since {first.at:%H:%M:%S} UTC"
