"""A cycle explained by the journal alone, with no more imported than that takes."""

from agent.account.ahead import Ahead, long
from agent.account.where_it_lies import where_it_lies
from agent.answers.cycle import Explanation
from agent.explain.why import explain, wanted
from agent.host.clock import SystemClock
from agent.settings.home import Home
from agent.state.checkpoints import Checkpoints


def explained(home: Home, name: str, cycle: int | None) -> Explanation:
    """Explain a cycle, the last one unless told otherwise.

    A long journal is folded in slices first, so that nobody who stops the account waits. Raises BadInput
    where there is no such cycle, JournalFault.
    """
    if long(home, name):
        with where_it_lies(home, name, copy=True) as opened:
            settings, before = wanted(opened, cycle)
        Ahead(home, name, settings, SystemClock(), before).run()
    with where_it_lies(home, name, copy=True) as opened:
        return explain(opened, cycle, Checkpoints(home.checkpoints(name)))
