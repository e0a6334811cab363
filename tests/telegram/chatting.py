"""A chat of a home with a loopback Bot API, in threads of the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from agent.host.clock import SystemClock
from agent.serve.chat.chat import Chat, ChatParts
from agent.serve.chat.queries import InfoDesk
from agent.serve.chat.steering import Helm
from agent.serve.chat.strangers import Doorkeeper
from agent.serve.chat.watch import ChatWatch, Trouble
from agent.serve.fleet.fleet import Fleet
from agent.settings.home import Home
from agent.telegram.client import Bot
from domain.ports import Clock
from tests.telegram.bot_api import CHAT, TOKEN, USER, BotApi, bot_api


class Chatting(NamedTuple):
    """A chat that runs, the Bot API it speaks with, and what it was told of besides."""

    chat: Chat
    api: BotApi
    home: Home
    url: str
    troubles: list[Trouble]
    acknowledged: list[tuple[str, str]]


def chat_of(
    home: Home,
    url: str,
    fleet: Fleet,
    clock: Clock,
    troubles: list[Trouble],
    acknowledged: list[Any],
    **more: Any,
) -> Chat:
    """Return a chat, not yet begun."""

    def acknowledge(identity: str, by: str) -> str:
        acknowledged.append((identity, by))
        return f"#{identity} is seen to by {by}"

    given: dict[str, Any] = {
        "taking": Bot(url, TOKEN),
        "sending": Bot(url, TOKEN),
        "doorkeeper": Doorkeeper([CHAT], [USER]),
        "desk": InfoDesk(
            fleet, home.root, lambda: [TOKEN], lambda: 61.0, lambda name: [f"the day of {name}"]
        ),
        "helm": Helm(home, clock, None),
        "watch": ChatWatch(clock, troubles.append),
        "file": home.root / "serve" / "chat.db",
        "acknowledge": acknowledge,
        "poll_seconds": 2,
    }
    return Chat(ChatParts(**(given | more)))


@contextmanager
def chatting(
    root: Path,
    clock: Clock | None = None,
    before: Callable[[BotApi], object] = lambda _api: None,
    at: str = "",
    **more: Any,
) -> Iterator[Chatting]:
    """Chat about a home until the block ends; `before` is called when the Bot API is up and the chat not."""
    home, clock = Home(root), clock or SystemClock()
    fleet = Fleet(home, clock)
    troubles: list[Trouble] = []
    acknowledged: list[tuple[str, str]] = []
    with bot_api() as (url, api):
        before(api)
        chat = chat_of(home, at or url, fleet, clock, troubles, acknowledged, **more)
        fleet.start()
        chat.start()
        try:
            yield Chatting(chat, api, home, url, troubles, acknowledged)
        finally:
            chat.close()
            fleet.close()
