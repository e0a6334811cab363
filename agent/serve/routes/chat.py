"""The chat of the home: whether its bot is heard, and the commands that came from there."""

from typing import Any

from agent.answers.chat import ChatAnswer
from agent.serve.access.scope import Scope
from agent.serve.table import API, Asking, Route


def chat(asking: Asking, _path: dict[str, str], _query: Any, _body: Any) -> ChatAnswer:
    """Return the chat as it stands."""
    result: ChatAnswer = ChatAnswer(on=False) if asking.chat is None else asking.chat.answer()
    return result


ROUTES = (
    Route(
        "GET", f"{API}/chat", Scope.READ, "The Telegram bot: whether it is reached, its latest commands",
        ChatAnswer, chat, "alerts",
    ),
)  # fmt: skip
