"""The additions a strategy declared to a position it holds: whether the next one is due, and how large it is.

A plan is `ExitPlan.numbers` from index `at` on. A gain is that of the quote over the average entry, which
every addition moves. Nothing here looks at the rules of entries: what is due meets all of them in
`risk.judge.judge_addition`.
"""

from collections.abc import Sequence

from domain.kernel import kernel
from domain.money import share_down
from risk.exits import ADDS, FIRST, MILLION, PARTS, STEPS
from risk.stake import level_at


@kernel
def add_due(plan: Sequence[int], at: int, done: int, quote: int, bought: int, units: int, first: int) -> int:
    """Return the lots to be added now, 0 for none, after `done` additions.

    `bought / units` is the average entry, `first` the lots of the first size.
    """
    if done >= plan[at + ADDS] or quote <= 0:
        return 0
    pair = at + FIRST + 2 * (plan[at + STEPS] + plan[at + PARTS] + done)
    gain, share = plan[pair], plan[pair + 1]
    level = level_at(bought, units, MILLION + gain)
    reached = quote <= level if gain < 0 else quote >= level
    return share_down(first, share) if reached else 0
