"""The standing of an agent with its limits and its providers, by its mirror and by what its process says."""

from collections.abc import Mapping

from agent import wiring
from agent.answers.agents import Headroom, ProviderRow
from agent.serve.mirror.account import Beside, now
from agent.serve.mirror.mirror import Mirror
from agent.settings.settings import Options
from agent.views.headroom import headroom
from domain.instrument import Instrument
from risk.case import Policy


def in_force(mirror: Mirror) -> Options | None:
    """Return the options with what was changed while the agent ran; None before its first session."""
    if mirror.options is None:
        return None
    return wiring.options_in_force(mirror.options, mirror.state.changed)


def policy(mirror: Mirror) -> Policy | None:
    """Return the limits in force; None before the first session, or where its settings are not readable."""
    options, grid = in_force(mirror), mirror.grid
    return wiring.policy_of(options, grid) if options and grid else None


def risk(mirror: Mirror, beside: Beside) -> list[Headroom]:
    """Return every risk rule as it stands now; nothing before the first session.

    Raises JournalFault where the journal was not read yet.
    """
    with mirror.reading():
        options, limits = in_force(mirror), policy(mirror)
    if options is None or limits is None:
        return []
    state, latest = mirror.state, mirror.latest
    with state.lock:
        account = state.ledger.account(state.kill_switch)
        grid: Mapping[str, Instrument] = dict(state.ledger.instruments)
        observed = {symbol: latest.seen.get(symbol) for symbol in options.symbols}
        judged = dict(latest.judged)
    return headroom(account, grid, limits, observed, judged, now(mirror, beside.now))


def providers(mirror: Mirror, beside: Beside) -> list[ProviderRow]:
    """Return the health of each provider: its breaker, when it served, its stream where it has one.

    Raises JournalFault where the journal was not read yet.
    """
    with mirror.reading(), mirror.state.lock:
        return mirror.latest.providers(now(mirror, beside.now), beside.vitals)
