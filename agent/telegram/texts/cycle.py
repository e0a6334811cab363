"""The explanation of a cycle."""

from collections.abc import Iterator

from agent.answers.account import LEFT_ALONE
from agent.answers.cycle import (
    DecisionAnswer,
    Explanation,
    OrderAnswer,
    SymbolAnswer,
    VerdictAnswer,
)

Lines = Iterator[str]
VOTES = {1: "buy", -1: "sell"}


def why(answer: Explanation) -> Lines:
    """Yield why a cycle came out as it did, symbol by symbol."""
    yield f"cycle {answer.cycle}, {answer.at:%Y-%m-%d %H:%M:%S} UTC, {answer.mode}: {answer.outcome}"
    if answer.error:
        yield f"! failed in {answer.error.stage}: {answer.error.message}"
    yield from (
        f"! {symbol or 'every symbol'} blocked: {reason}" for symbol, reason in answer.blocked.items()
    )
    for symbol in answer.symbols:
        yield from _symbol(symbol)
    for order in answer.orders:
        yield from _order(order)


def _symbol(each: SymbolAnswer) -> Lines:
    data = each.seen
    yield ""
    yield f"{each.symbol} at {data.price or '?'}, {data.source} data from {data.provider}"
    yield from (f"  not from {name}: {reason}" for name, reason in data.not_served_by.items())
    yield from (f"  found {finding}" for finding in data.findings)
    yield from (f"  headline: {headline}" for headline in data.headlines)
    if each.decision:
        yield from _decision(each.decision)
    if each.verdict:
        yield from _verdict(each.verdict)
    if each.fault:
        yield f"  {LEFT_ALONE}: {each.fault}"
    if each.would_have_turned_it:
        yield f"  turned by {each.would_have_turned_it.text}"


def _decision(each: DecisionAnswer) -> Lines:
    yield f"  {each.action}, score {each.score:g}, confidence {each.confidence:g}: {each.told}"
    for voice in each.voices:
        vote = VOTES.get(voice.vote, "abstains")
        yield f"    {voice.name} {vote}, weight {voice.weight:.2f}: {each.told_by(voice)}"


def _verdict(each: VerdictAnswer) -> Lines:
    if each.approved:
        yield f"  approved, {each.quantity}: {each.sizing}"
        if each.order:
            yield f"  {each.order.text}"
        return
    yield f"  denied, {each.reason}{f': {each.detail}' if each.detail else ''}"
    for check in each.checks:
        if not check.passed:
            yield f"    {check.rule}: measured {_value(check.measured)}, limit {_value(check.limit)}"


def _value(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _order(each: OrderAnswer) -> Lines:
    yield ""
    yield f"{each.what} {each.quantity}{f' at {each.level}' if each.level else ''} ({each.client_id})"
    for state in each.states:
        yield f"  {state.at:%H:%M:%S} {state.status}{f': {state.reason}' if state.reason else ''}"
    for fill in each.fills:
        yield f"  {fill.at:%H:%M:%S} filled {fill.quantity} at {fill.price}, fee {fill.fee}"
