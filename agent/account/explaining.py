"""A cycle explained by the journal alone, with no more imported than that takes."""

from agent.account.ahead import LONG, Ahead, long
from agent.account.remembered import remember_why
from agent.account.where_it_lies import where_it_lies
from agent.answers.cycle import Explanation
from agent.explain.story import decided_row
from agent.explain.why import explain, explain_row
from agent.host import log
from agent.host.clock import SystemClock
from agent.settings.folding import fold_settings_of
from agent.settings.home import Home
from agent.settings.user_strategies import LOADED
from agent.state.checkpoints import Checkpoints
from agent.state.keeper import ROWS
from agent.state.key import fold_key
from domain.ports import Records
from journal.at_rest import RestingFile


def explained(home: Home, name: str, cycle: int | None) -> Explanation:
    """Explain a cycle, the last one unless told otherwise.

    Where no checkpoint is near, a long journal is folded in slices first, so that nobody who stops the
    account waits. Raises BadInput where there is no such cycle, JournalFault.
    """
    checkpoints = Checkpoints(home.checkpoints(name))
    with where_it_lies(home, name, copy=True) as opened:
        row = decided_row(opened, cycle)
        settings = fold_settings_of(row.session)
        nearest = checkpoints.nearest(opened, fold_key(settings), row.seq)
        if not long(home, name) or row.seq - (nearest.header.seq if nearest else 0) <= LONG:
            result = explain_row(opened, row, settings, checkpoints, nearest)
            leave_why(home, name, opened, result)
            return result
    Ahead(home, name, settings, SystemClock(), row.seq).run()
    with where_it_lies(home, name, copy=True) as opened:
        result = explain(opened, cycle, checkpoints)
        leave_why(home, name, opened, result)
    return result


def leave_why(home: Home, name: str, journal: Records, result: Explanation) -> None:
    """Leave the explanation of a journal's last cycle for who asks next, as its status is left.

    Not where a file of the user's own spoke: it may be another one by then.
    """
    if result.cycle == journal.last_cycle() and not LOADED and not home.server:
        remember_why(home, name, journal.journal_id, journal.head(), result)


def leave_last_why(home: Home, name: str, rows: int, cycle: int) -> None:
    """Leave the explanation of the last cycle of a long journal that ends, where little is folded for it."""
    if home.server or rows <= ROWS or not cycle:  # what is shorter is folded as fast
        return
    try:
        checkpoints = Checkpoints(home.checkpoints(name))
        with RestingFile(home.journal(name)) as ended:
            first = min(row.seq for row in ended.find_cycle(cycle))
            if any(first - ROWS <= each < first for each in checkpoints.sequences()):
                leave_why(home, name, ended, explain(ended, cycle, checkpoints))
    except Exception as fault:  # noqa: BLE001 -- whoever asks is told by the journal
        why = f"{type(fault).__name__}: {fault}"
        log.say("warning", "the last cycle is not explained ahead", why=why)
