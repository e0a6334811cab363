"""All that can be asked of a mirror, in one place: functions of a mirror that return answers."""

from agent.answers.account import AccountAnswer, PositionAnswer
from agent.answers.cycle import Explanation
from agent.answers.journals import ParameterVersion
from agent.explain.why import explain
from agent.parameters import versions
from agent.serve.mirror.account import row, status
from agent.serve.mirror.chart import chart
from agent.serve.mirror.curve import equity
from agent.serve.mirror.mirror import Mirror, Unready
from agent.serve.mirror.pages import RowFilters, cycles, fills, lessons, orders, trades
from agent.serve.mirror.periods import profit
from agent.serve.mirror.results import beliefs, forecasts, performance
from agent.views import session
from domain.errors import JournalFault

__all__ = [
    "RowFilters",
    "account",
    "beliefs",
    "chart",
    "cycles",
    "equity",
    "fills",
    "forecasts",
    "lessons",
    "orders",
    "parameters",
    "performance",
    "positions",
    "profit",
    "row",
    "status",
    "trades",
    "why",
]


def account(mirror: Mirror) -> AccountAnswer:
    """Return cash, equity, profit and the gate's counters."""
    return session.account(mirror.state)


def positions(mirror: Mirror) -> list[PositionAnswer]:
    """Return open positions with their protection."""
    return session.positions(mirror.state)


def why(mirror: Mirror, cycle: int | None = None) -> Explanation:
    """Explain a cycle, the last one unless told otherwise. Raises BadInput where there is none such."""
    with mirror.checkpointed() as (records, checkpoints):
        return explain(records, cycle, checkpoints)


def parameters(mirror: Mirror) -> list[ParameterVersion]:
    """Return every parameter version, after what the settings of the last session say."""
    parts = mirror.parts
    if parts is None:
        if mirror.problem:
            raise JournalFault(mirror.problem)
        raise Unready("the journal holds no session yet; ask again in a moment")
    return versions.rows(parts)
