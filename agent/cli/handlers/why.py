"""`agent why`: a cycle's explanation as a page of text."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from agent.account.remembered import remembered_why
from agent.account.requests import WhyRequest
from agent.account.running import Running, Unanswering, home_named
from agent.answers.account import LEFT_ALONE
from agent.answers.amounts import decoded_as
from agent.answers.cycle import (
    AdviceAnswer,
    DecisionAnswer,
    Explanation,
    OrderAnswer,
    Seen,
    SymbolAnswer,
    VerdictAnswer,
)
from agent.cli.output.changed import changed_words
from agent.cli.output.streams import answer
from agent.host.shown import blocked_lines, words
from domain.decision import Edge
from domain.errors import BadInput

INSTANT = "%Y-%m-%dT%H:%M:%S"
VOTES = {1: "buy", -1: "sell"}
MOST_PARTS = 5
"""Inputs of a model that are shown; `--json` has all."""


def show_why(cycle: int | None, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print why a cycle came out as it did."""
    answer(_told(cycle, home, journal), lines, json=json)


def _told(cycle: int | None, home: Path | None, journal: str | None) -> Explanation:
    """Return what a running agent says, before anything heavy is imported, else its journal."""
    agent_home = home_named(home)
    name = agent_home.latest(journal)
    with suppress(BadInput, Unanswering):  # the journal says it better, an older agent cannot
        live = Running(agent_home, name).ask(WhyRequest(cycle))
        if live is not None:
            return decoded_as(Explanation, live)
    left = remembered_why(agent_home, name, cycle)
    if left is not None:
        return left
    from agent.account.explaining import explained

    return explained(agent_home, name, cycle)


def lines(report: Explanation) -> Iterator[str]:
    """Yield an explanation as a page of text."""
    yield (
        f"cycle {report.cycle} at {report.at.isoformat()} ({report.mode}, session {report.session}): "
        f"{report.outcome}"
    )
    yield f"path      {' -> '.join(report.path)}"
    if report.error:
        yield f"failed    in {report.error.stage}: {report.error.kind}: {report.error.message}"
    yield from (f"blocked   {line}" for line in blocked_lines(report.blocked))
    for name, version in report.parameters.items():
        yield f"params    {name} version {version.version}: {words(version.parameters)}"
    for name, change in report.changed.items():
        yield f"setting   {changed_words(name, change)}"
    for symbol in report.symbols:
        yield from _symbol(symbol)
    for order in report.orders:
        yield from _order(order)


def _symbol(report: SymbolAnswer) -> Iterator[str]:
    yield ""
    yield report.symbol
    yield from _seen(report.seen)
    if report.own:
        yield f"  its own   {', '.join(f'{name} {value}' for name, value in report.own.items())}"
    if report.decision:
        yield from _decision(report.decision)
    if report.verdict:
        yield from _verdict(report.verdict)
    if report.fault:
        yield f"  {LEFT_ALONE}: {report.fault}"
    if report.would_have_turned_it:
        yield f"  turned by {report.would_have_turned_it.text}"


def _seen(value: Seen) -> Iterator[str]:
    yield (
        f"  seen      {value.source} data from {value.provider}, "
        f"fetched {value.fetched_age_seconds:g} s before, "
        f"{value.new_candles} new candles, breaker {value.breaker}"
    )
    if value.candle_opened_at:
        yield (
            f"  candle    opened {value.candle_opened_at.isoformat()} "
            f"({value.candle_age_seconds:g} s before), close {value.candle_close}"
        )
    if value.price:
        yield f"  price     {value.price} ({value.price_age_seconds:g} s old)"
    yield from (f"  not from  {provider}: {reason}" for provider, reason in value.not_served_by.items())
    yield from (f"  advice    {_advice(each)}" for each in value.advice)
    yield from (f"  finding   {finding}" for finding in value.findings)
    yield from (f"  headline  {headline!r}" for headline in value.headlines)


def _advice(each: AdviceAnswer) -> str:
    answers = f"{each.samples} of {each.asked} answers" if each.asked else "not asked"
    about = (
        f"{VOTES.get(each.vote, 'abstains')}, p {each.probability:.2f}" if each.samples else "says nothing"
    )
    late = ", retrospective" if each.retrospective else ""
    return f"{each.role} {each.adviser} {about} ({answers}, {each.usd} USD{late}): {each.reason}"


def _decision(report: DecisionAnswer) -> Iterator[str]:
    yield (
        f"  decision  {report.action}, score {report.score:g}, confidence {report.confidence:g}, "
        f"regime {report.regime}: {report.told}"
    )
    width = max((len(voice.name) for voice in report.voices), default=0)
    for voice in report.voices:
        vote = VOTES.get(voice.vote, "abstains")
        parts = ", ".join(f"{name} {value:g}" for name, value in _weightiest(voice.parts))
        yield (
            f"    {voice.name:<{max(width, 9)}} {vote:<9}confidence {voice.confidence:g} "
            f"weight {voice.weight:.3f}: {report.told_by(voice)}{f' ({parts})' if parts else ''}"
        )
    if report.edge:
        yield f"  edge      {_edge(report.edge)}"
    yield from (f"  exit      {each}" for each in report.exits)


def _edge(edge: Edge) -> str:
    even = 1.0 / (1.0 + edge.payoff)
    return (
        f"{edge.voice}: p {edge.chance:.4f} at least, gains {edge.payoff:.2f} of losses, "
        f"worth something from p {even:.4f} on"
    )


def _weightiest(parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the parts of a confidence, or the bias and the five inputs that moved a model's odds most."""
    if "bias" not in parts:
        return list(parts.items())
    moved = sorted((each for each in parts.items() if each[0] != "bias"), key=lambda each: -abs(each[1]))
    rest = sum(value for _, value in moved[MOST_PARTS:])
    return [("bias", parts["bias"]), *moved[:MOST_PARTS], *([("all others", rest)] if rest else [])]


def _verdict(report: VerdictAnswer) -> Iterator[str]:
    if report.approved:
        yield f"  verdict   approved, {report.quantity}: {report.sizing}"
        if report.order:
            yield f"  order     {report.order.text}"
    else:
        detail = f": {report.detail}" if report.detail else ""
        yield f"  verdict   denied, {report.reason}{detail}"
    for check in report.checks:
        mark = "ok  " if check.passed else "FAIL"
        note = f" ({check.note})" if check.note else ""
        measured, limit = ("none" if each is None else each for each in (check.measured, check.limit))
        yield f"    {mark} {check.rule:<28} measured {measured}, limit {limit}{note}"


def _order(report: OrderAnswer) -> Iterator[str]:
    level = f" at {report.level}" if report.level else ""
    yield ""
    leaving = f" {report.exit}" if report.exit else ""
    yield f"order     {report.client_id} {report.what} {report.quantity}{level}{leaving}"
    for state in report.states:
        reason = f": {state.reason}" if state.reason else ""
        yield f"  {state.at:{INSTANT}} {state.status}{reason}"
    for fill in report.fills:
        yield (
            f"  {fill.at:{INSTANT}} filled {fill.quantity} at {fill.price} "
            f"(reference {fill.reference}), fee {fill.fee}"
        )
