"""The positions that a start which is refused leaves alone, and what sells them without it.

Commands that stop an account read its journal, not today's settings: they work where a start does not.
"""

from collections.abc import Iterator
from contextlib import suppress

from agent.account.where_it_lies import where_it_lies
from agent.answers.account import PositionAnswer
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from agent.state.checkpoints import Checkpoints
from agent.views.session import positions
from agent.wiring.folded import parts


def still_held(home: Home, journal: str | None) -> list[str]:
    """Return a line on each position of a journal that no agent runs, and one on what works; none without.

    `journal` is the one that was asked for, else the one run last. Nothing is waited for, and whatever goes
    wrong here is told by whoever is asked next: an error is on its way to be told.
    """
    held: list[PositionAnswer] = []
    with suppress(Exception):
        name = home.latest(journal)
        checkpoints = Checkpoints(home.checkpoints(name))
        with where_it_lies(home, name) as opened:
            options = recorded_options(opened, run_own=False)
            # Little is folded, as for who stops: without its strategy no checkpoint's key is the same.
            fold = parts(options, opened, checkpoints=checkpoints, stopping=True)
            held = positions(fold.state, at_rest=True)
    return list(_lines(held))


def _lines(held: list[PositionAnswer]) -> Iterator[str]:
    for each in held:
        levels = [f"{order.type} at {order.level}" for order in each.orders if order.level is not None]
        resting = f"its {' and '.join(levels)} rests" if levels else "NOTHING RESTS UNDER IT"
        yield f"still held: {each.symbol}, {each.quantity} bought at {each.entry}; {resting}"
    if held:
        close = " or ".join(f"agent close {each.symbol}" for each in held)
        yield (
            f"until the start works nothing else looks after what is held. These work without it: {close}, "
            'agent flatten --reason "..." (sells all), agent kill --reason "..." (nothing is bought any more)'
        )
