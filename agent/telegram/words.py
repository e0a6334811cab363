"""The commands of the chat as a table, and a message's words as the command that is meant.

The names are those of the command line; `aliases` are what users of other bots have in their fingers.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple

from domain.errors import BadInput
from domain.symbols import LIKE, is_symbol, spelled

EVERY = "all"
"""In place of an agent's name: each of them."""

EVERYONE = frozenset({"kill", "status"})
"""Commands that may be about all agents at once."""

MOST_ROWS = 50
LONGEST_TEXT = 500


class Way(StrEnum):
    """The way a command goes: a question, a command that may wait for the loop, an exit, a kill."""

    QUERY = "query"
    STEER = "steer"
    EXIT = "exit"
    KILL = "kill"


class Operand(StrEnum):
    """The words behind a command's name, and the agent's."""

    NOTHING = ""
    REASON = "[REASON]"
    SYMBOL = "SYMBOL [SHARE] [REASON]"
    CYCLE = "[CYCLE]"
    COUNT = "[COUNT]"
    ACCOUNT = "[ACCOUNT]"


class Word(NamedTuple):
    """A command: its name, its way, what it takes and means. `of_agent` says that it is about one agent."""

    name: str
    way: Way
    meaning: str
    takes: Operand = Operand.NOTHING
    of_agent: bool = True
    aliases: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """Return how it is written."""
        agent = "[AGENT]" if self.of_agent else ""
        return " ".join(each for each in (f"/{self.name}", agent, self.takes) if each)


WORDS = (
    Word("status", Way.QUERY, "each agent: state, equity, profit, positions, alarms"),
    Word("positions", Way.QUERY, "what is held, and the stops that protect it", aliases=("open",)),
    Word("count", Way.QUERY, "positions held, and how many may be"),
    Word("balance", Way.QUERY, "cash, equity, fees and dust", aliases=("account",)),
    Word("profit", Way.QUERY, "profit in all and today, trades, costs, drawdown"),
    Word("daily", Way.QUERY, "profit of the last days", Operand.COUNT),
    Word("weekly", Way.QUERY, "profit of the last weeks", Operand.COUNT),
    Word("monthly", Way.QUERY, "profit of the last months", Operand.COUNT),
    Word("trades", Way.QUERY, "the last closed trades", Operand.COUNT),
    Word("performance", Way.QUERY, "profit by symbol, voice and ending", aliases=("stats",)),
    Word("why", Way.QUERY, "why a cycle decided as it did; the last one if none is named", Operand.CYCLE),
    Word("summary", Way.QUERY, "the day so far: profit, trades, risk, health"),
    Word("health", Way.QUERY, "whether all works, and what does not", of_agent=False),
    Word("logs", Way.QUERY, "the log's last lines", Operand.COUNT, of_agent=False),
    Word("version", Way.QUERY, "the running version", of_agent=False),
    Word("help", Way.QUERY, "this list", of_agent=False),
    Word(
        "kill", Way.KILL, "no entry from now on, at once and unasked", Operand.REASON,
        aliases=("stopentry", "stopbuy"),
    ),
    Word("flatten", Way.EXIT, "kill switch, cancel every order, sell everything", Operand.REASON),
    Word(
        "close", Way.EXIT, "sell one position or a share of it", Operand.SYMBOL,
        aliases=("forceexit", "forcesell", "fx"),
    ),
    Word(
        "reset_kill", Way.STEER, "reset the kill switch: entries are judged again", Operand.REASON,
        aliases=("resume", "resetkill"),
    ),
    Word("pause", Way.STEER, "hold the loop between two cycles", Operand.REASON),
    Word("unpause", Way.STEER, "go on after a pause", Operand.REASON, aliases=("continue",)),
    Word("stop", Way.STEER, "end the agent after the cycle under way", Operand.REASON),
    Word("start", Way.STEER, "begin an agent again that does not run", Operand.ACCOUNT),
    Word(
        "reload", Way.STEER, "end it and begin it again with the settings as they are now", Operand.ACCOUNT,
        aliases=("reload_config",),
    ),
)  # fmt: skip
"""Every command, in the order of the help."""

_BY_NAME = {name: word for word in WORDS for name in (word.name, *word.aliases)}


class Asked(NamedTuple):
    """A command as it was asked: its word, the agent where one was named, and what stood behind it."""

    word: Word
    agent: str | None = None
    reason: str = ""
    symbol: str | None = None
    share: Decimal = Decimal(1)
    number: int | None = None
    account: str = ""

    def of(self, agent: str) -> "Asked":
        """Return it about one agent."""
        return self._replace(agent=agent)


def is_command(text: str) -> bool:
    """Say whether a message is meant as a command."""
    return text.lstrip().startswith("/")


def for_another(text: str, bot: str) -> bool:
    """Say whether a command names another bot of its group (`/kill@other_bot`)."""
    _, marked, name = text.split(maxsplit=1)[0].partition("@") if text.split() else ("", "", "")
    return bool(marked) and bool(bot) and name.casefold() != bot.casefold()


def parse(text: str, agents: Iterable[str]) -> Asked:
    """Return the command that a message means, the agents of the home being known.

    Raises BadInput that says what is wrong and how it is written.
    """
    first, *rest = text.split()
    name = first.removeprefix("/").partition("@")[0].casefold()
    word = _BY_NAME.get(name)
    if word is None:
        raise BadInput(_unknown(name))
    agent = None
    if word.of_agent and rest:
        agent = _agent(rest[0], agents, everyone=word.name in EVERYONE)
        rest = rest[1:] if agent else rest
    return _taken(word, name, agent, rest)


def _unknown(name: str) -> str:
    near = get_close_matches(name, _BY_NAME, 1)
    meant = f", /{near[0]} perhaps" if near else ""
    return f"/{name[:40]}: no such command{meant}; /help lists what there is"


def _agent(text: str, agents: Iterable[str], *, everyone: bool) -> str | None:
    """Return the agent that a word names, letters large or small; None where it is none."""
    known = list(agents)
    if text in known:
        return text
    near = [each for each in known if each.casefold() == text.casefold()]
    if not near and everyone and text.casefold() == EVERY:
        return EVERY
    return near[0] if len(near) == 1 else None


def _taken(word: Word, name: str, agent: str | None, rest: Sequence[str]) -> Asked:
    asked = Asked(word, agent)
    match word.takes:
        case Operand.REASON:
            return asked._replace(reason=" ".join(rest)[:LONGEST_TEXT])
        case Operand.SYMBOL:
            return _close(asked, name, rest)
        case Operand.ACCOUNT:
            return asked._replace(account=_only(word, rest) or "")
        case Operand.CYCLE | Operand.COUNT:
            return asked._replace(number=_number(word, _only(word, rest)))
    if rest:
        raise BadInput(f"{rest[0][:40]}: {_no_more(word)}")
    return asked


def _no_more(word: Word) -> str:
    what = "not an agent of this home" if word.of_agent else "it takes nothing more"
    return f"{what}. It is written {word.usage}"


def _only(word: Word, rest: Sequence[str]) -> str | None:
    if len(rest) > 1:
        raise BadInput(f"{rest[0][:40]}: {_no_more(word)}")
    return rest[0] if rest else None


def _number(word: Word, text: str | None) -> int | None:
    if text is None:
        return None
    most = MOST_ROWS if word.takes is Operand.COUNT else 10**12
    if not (text.isascii() and text.isdigit() and len(text) < 14) or not 1 <= int(text) <= most:
        raise BadInput(f"{text[:40]}: must be a number from 1 to {most}. It is written {word.usage}")
    return int(text)


def _close(asked: Asked, name: str, rest: Sequence[str]) -> Asked:
    """Return what is to be sold: of `/forceexit all` everything, which is a flatten."""
    if rest and rest[0].casefold() == EVERY:
        if name == "close":
            raise BadInput("/close sells one position; everything at once is /flatten")
        return Asked(_BY_NAME["flatten"], asked.agent, " ".join(rest[1:])[:LONGEST_TEXT])
    if not rest:
        return asked
    symbol, share, words = _symbol(rest[0]), Decimal(1), rest[1:]
    if words and (read := _share(words[0])) is not None:
        share, words = read, words[1:]
    return asked._replace(symbol=symbol, share=share, reason=" ".join(words)[:LONGEST_TEXT])


def _symbol(text: str) -> str:
    symbol = spelled(text)
    if not is_symbol(symbol):
        raise BadInput(f"{text[:40]}: not a symbol such as {LIKE}")
    return symbol


def _share(text: str) -> Decimal | None:
    """Return a share such as 50% or 0.5, None for a word that is none. Raises BadInput out of range."""
    number = text.removesuffix("%")
    try:
        share = Decimal(number) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        return None
    if not share.is_finite() or not 0 < share <= 1:
        raise BadInput(f"share {text[:40]}: must be above 0 and at most 100%, such as 50% or 0.5")
    return share
