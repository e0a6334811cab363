"""The status a journal at rest comes to: how its last session left the account."""

from agent.account.ahead import Ahead, long
from agent.account.remembered import remember
from agent.account.where_it_lies import where_it_lies
from agent.answers.account import Status
from agent.host.clock import SystemClock
from agent.parameters import spoken
from agent.settings.home import Home
from agent.settings.recorded import recorded_options
from agent.state.checkpoints import Checkpoints
from agent.views import session as views
from agent.wiring.folded import Parts, parts
from reasoning.strategies.registry import BUILT_IN


def at_rest(name: str, folded: Parts) -> Status:
    """Return the status of a journal that no agent runs."""
    state = folded.state
    return Status(
        running=False,
        journal=name,
        session=state.session,
        cycle=state.cycle_id,
        ended=state.ended_reason or "cut off",
        parameters=spoken.view(state, folded.mind),
        changed=views.changed(state),
        muted=dict(folded.mind.muted),
        account=views.account(state),
        positions=views.positions(state, at_rest=True),
    )


def left_status(home: Home, name: str) -> Status:
    """Fold a file's journal where it lies, return the status it comes to, and leave that for who asks next.

    A session that was killed has left none. Raises Busy where somebody has the account, BadInput,
    JournalFault.
    """
    if long(home, name):
        with where_it_lies(home, name) as opened:
            options = recorded_options(opened)
        Ahead(home, name, options, SystemClock()).run()
    with where_it_lies(home, name) as opened:
        checkpoints = Checkpoints(home.checkpoints(name))
        options = recorded_options(opened)
        status = at_rest(name, parts(options, opened, checkpoints=checkpoints))
        if BUILT_IN.issuperset(options.reasoning.strategies):  # files of the user's own may change
            remember(home, opened.journal_id, opened.head(), status)
    return status
