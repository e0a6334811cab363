"""The ends of commands, in words."""

from collections.abc import Iterator, Sequence

from agent.answers.agents import Started
from agent.telegram.words import WORDS, Asked
from domain.replies import Flattened, KillSwitch, Paused, PositionClosed, Reply, Stopping

Lines = Iterator[str]


def reply(agent: str, answer: Reply) -> Lines:
    """Yield what became of a command."""
    match answer:
        case KillSwitch(kill_switch=None):
            yield f"{agent}: kill switch reset, entries are judged again"
        case KillSwitch():
            yield f"{agent}: KILL SWITCH THROWN: {answer.kill_switch}"
            yield "no entry until /reset_kill; exits and stops go on"
        case Paused(paused=True):
            yield f"{agent}: paused, no cycle runs until /unpause. What rests at the exchange stays"
        case Paused():
            yield f"{agent}: goes on, the next cycle comes when it is due"
        case Stopping(stopping=True):
            yield f"{agent}: it ends after the cycle under way; positions keep their stops"
        case Stopping():
            yield f"{agent}: nothing stops, it does not run"
        case Flattened():
            yield from _flattened(agent, answer)
        case PositionClosed():
            yield from _closed(agent, answer)
        case _:
            yield f"{agent}: done"
    if note := getattr(answer, "unjournaled", ""):
        yield f"note: {note}"


def _flattened(agent: str, answer: Flattened) -> Lines:
    if answer.flat:
        yield f"{agent}: FLAT. No order and no position is left, the venue confirms it"
    else:
        yield f"{agent}: NOT FLAT. This is left:"
        yield from _left(answer)
    yield "the kill switch is thrown; /reset_kill lets entries in again"


def _closed(agent: str, answer: PositionClosed) -> Lines:
    profit = "" if answer.profit is None else f", profit {answer.profit} after costs"
    if answer.flat and answer.kept:
        yield f"{agent}: a share of {answer.symbol} is sold, {answer.kept} remain, protected as they were"
    elif answer.flat:
        yield f"{agent}: {answer.symbol} is closed, the venue confirms that nothing is left{profit}"
    else:
        yield f"{agent}: NOT SOLD. Of {answer.symbol} this is left:"
        yield from _left(answer)


def _left(answer: Flattened | PositionClosed) -> Lines:
    yield from (f"  order {each}" for each in answer.orders)
    yield from (f"  {quantity} {symbol}" for symbol, quantity in answer.positions.items())
    yield from (f"  dust {quantity} {asset}" for asset, quantity in answer.dust.items())
    yield from (f"  problem: {each}" for each in answer.problems)
    yield "ask again, or sell at the exchange and reconcile"


def started(answer: Started) -> Lines:
    """Yield what became of a start."""
    supervised = answer.supervised
    if supervised.halted:
        yield f"{answer.agent}: not begun: {supervised.halted}"
    else:
        yield f"{answer.agent}: begun (process {supervised.pid}); /status says when its cycles run"


def question(asked: Asked, agent: str, held: Sequence[str], killed: str | None, seconds: int) -> Lines:
    """Yield what is asked before a command is carried out."""
    has = f" It holds {', '.join(held)}." if held else ""
    match asked.word.name:
        case "flatten":
            yield f"Flatten {agent}? The kill switch is thrown, orders are cancelled, positions sold.{has}"
        case "close":
            part = "" if asked.share == 1 else f"{float(asked.share):.4g} of "
            yield f"Close {part}{asked.symbol} of {agent}? Its orders are cancelled and it is sold.{has}"
        case "reset_kill":
            why = (
                "As far as is known here it is not thrown." if killed is None else f"It was thrown: {killed}."
            )
            yield f"Reset the kill switch of {agent}? {why}"
            yield "Entries are judged again from then on."
        case "unpause":
            yield f"Let {agent} go on? Its kill switch is thrown ({killed}) and stays so: exits only."
        case "reload":
            yield f"End {agent} and begin it again with the settings as they are now?{has}"
        case _:
            yield f"Begin {agent} again?"
    yield f"The button works for {seconds} seconds, for you alone."


def help_lines() -> Lines:
    """Yield every command with its meaning."""
    yield "Behind a command the agent's name may stand; without it the one that runs is meant, or you choose."
    for word in WORDS:
        yield f"{word.usage} - {word.meaning}"
        if word.aliases:
            yield "   also " + " ".join(f"/{alias}" for alias in word.aliases)
