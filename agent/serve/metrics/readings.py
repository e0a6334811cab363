"""Readings of an agent's facts: the values of each metric, with the labels they are told by."""

from collections.abc import Callable, Iterable

from agent.answers.account import StreamRow
from agent.serve.metrics.facts import AgentFacts
from domain.observation import Source
from domain.order import TERMINAL, OrderStatus
from risk.limits import day_limit
from risk.table import REASONS, RULES

Sample = tuple[tuple[str, ...], float]
Read = Callable[[AgentFacts], Iterable[Sample]]


def one(value: float | None) -> Iterable[Sample]:
    """Return one value without labels, none where it is not known."""
    return () if value is None else (((), float(value)),)


def states(values: Iterable[str], present: Iterable[str]) -> Iterable[Sample]:
    """Return 1 for each value that is present and 0 for the others, so that a series never vanishes."""
    known = set(present)
    return [((value,), float(value in known)) for value in values]


def cash(facts: AgentFacts, units: float) -> float:
    """Return cash units as an amount in quote."""
    return float(units / 10**facts.state.ledger.cash_decimals)


def loss(facts: AgentFacts) -> int:
    """Return the day's loss in cash units, 0 in a gain."""
    ledger = facts.state.ledger
    return max(ledger.day_start_equity - ledger.equity, 0)


def loss_limit(facts: AgentFacts) -> float | None:
    """Return the loss of a day at which the kill switch trips, in quote."""
    if facts.policy is None:
        return None
    return cash(facts, day_limit(facts.policy.limits, facts.state.ledger.day_start_equity))


def used(facts: AgentFacts) -> Iterable[Sample]:
    """Return the share of each rule that is used, that of the symbol nearest to it."""
    shares: dict[str, float] = {}
    for row in facts.headroom:
        if row.used is not None:
            shares[row.rule] = max(row.used, shares.get(row.rule, 0.0))
    return [((rule.reason,), shares[rule.reason]) for rule in RULES if rule.reason in shares]


def exposure(facts: AgentFacts) -> float | None:
    """Return what positions and entries on their way come to, in quote."""
    measured = next((row.measured for row in facts.headroom if row.rule == "portfolio_exposure"), None)
    return None if measured is None else float(measured)


def vetoes(facts: AgentFacts) -> Iterable[Sample]:
    """Return what each reason has denied, entries and exits."""
    return [((reason,), float(facts.state.vetoes.get(reason, 0))) for reason in REASONS]


def open_orders(facts: AgentFacts) -> Iterable[Sample]:
    """Return the orders that are not done, by state."""
    standing = [each.status for each in facts.state.ledger.open_orders.values()]
    return [
        ((status.value,), float(standing.count(status))) for status in OrderStatus if status not in TERMINAL
    ]


def finished(facts: AgentFacts) -> Iterable[Sample]:
    """Return the orders that are done, by state."""
    ended = facts.state.ledger.settled.ended
    return [((status.value,), float(ended.get(status, 0))) for status in OrderStatus if status in TERMINAL]


def breakers(facts: AgentFacts) -> Iterable[Sample]:
    """Return 1 for each provider whose breaker is not closed."""
    return [((row.provider,), float(row.breaker != "closed")) for row in facts.providers if row.breaker]


def ages(facts: AgentFacts) -> Iterable[Sample]:
    """Return the seconds since each provider served last."""
    return [((row.provider,), row.age_seconds) for row in facts.providers if row.age_seconds is not None]


def sources(facts: AgentFacts) -> Iterable[Sample]:
    """Return 1 for the source the last cycle saw of each symbol."""
    return [
        ((symbol, source.value), float(source is present))
        for symbol, present in facts.sources.items()
        for source in Source
    ]


def stream(read: Callable[[StreamRow], float | None]) -> Callable[[AgentFacts], Iterable[Sample]]:
    """Return what reads one figure of every stream."""

    def values(facts: AgentFacts) -> Iterable[Sample]:
        figures = [(name, read(row)) for name, row in facts.vitals.streams.items()]
        return [((name,), float(value)) for name, value in figures if value is not None]

    return values


def trades(facts: AgentFacts) -> Iterable[Sample]:
    """Return closed trades by their result."""
    won, trades = facts.state.ledger.wins, facts.state.ledger.trades
    return [(("won",), float(won)), (("lost",), float(trades - won))]
