"""`agent why`: a cycle's explanation as a page of text."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.account.running import Running, Unanswering
from agent.cli.options import home_of
from agent.cli.output.streams import say, say_json
from agent.host.shown import blocked_lines, words
from domain.errors import BadInput

Told = dict[str, Any]


def show_why(cycle: int | None, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print why a cycle came out as it did."""
    report = _told(cycle, home, journal)
    if json:
        say_json(report)
        return
    say(
        f"cycle {report['cycle']} at {report['at']} ({report['mode']}, session {report['session']}): "
        f"{report['outcome']}"
    )
    say(f"path      {' -> '.join(report['path'])}")
    if report["error"]:
        say(
            f"failed    in {report['error']['stage']}: {report['error']['kind']}: "
            f"{report['error']['message']}"
        )
    for line in blocked_lines(report["blocked"]):
        say(f"blocked   {line}")
    for name, version in report["parameters"].items():
        say(f"params    {name} version {version['version']}: {words(version['parameters'])}")
    for symbol in report["symbols"]:
        _symbol(symbol)
    for order in report["orders"]:
        _order(order)


def _told(cycle: int | None, home: Path | None, journal: str | None) -> Told:
    """Return what a running agent says, before anything heavy is imported, else its journal."""
    agent_home = home_of(home)
    name = agent_home.latest(journal)
    with suppress(BadInput, Unanswering):  # the journal says it better, an older agent cannot
        live: Told | None = Running(agent_home, name).ask("why", cycle=cycle)
        if live is not None:
            return live
    from agent.account.client import AccountClient

    return AccountClient(agent_home, name).explained(cycle)


def _symbol(report: Told) -> None:
    value = report["seen"]
    say()
    say(report["symbol"])
    say(
        f"  seen      {value['source']} data from {value['provider']}, "
        f"fetched {value['fetched_age_seconds']:g} s before, "
        f"{value['new_candles']} new candles, breaker {value['breaker']}"
    )
    if value["candle_opened_at"]:
        say(
            f"  candle    opened {value['candle_opened_at']} ({value['candle_age_seconds']:g} s before), "
            f"close {value['candle_close']}"
        )
    if value["price"]:
        say(f"  price     {value['price']} ({value['price_age_seconds']:g} s old)")
    for provider, reason in value["not_served_by"].items():
        say(f"  not from  {provider}: {reason}")
    for finding in value["findings"]:
        say(f"  finding   {finding}")
    for headline in value["headlines"]:
        say(f"  headline  {headline!r}")
    if report["decision"]:
        _decision(report["decision"])
    if report["verdict"]:
        _verdict(report["verdict"])
    if report["would_have_turned_it"]:
        say(f"  turned by {report['would_have_turned_it']['text']}")


def _decision(report: Told) -> None:
    say(
        f"  decision  {report['action']}, score {report['score']:g}, confidence {report['confidence']:g}, "
        f"regime {report['regime']}: {report['reason']}"
    )
    for voice in report["voices"]:
        vote = {1: "buy", -1: "sell"}.get(voice["vote"], "abstains")
        parts = ", ".join(f"{name} {value:g}" for name, value in voice.get("parts", {}).items())
        say(
            f"    {voice['name']:<10}{vote:<9}confidence {voice['confidence']:g} "
            f"weight {voice['weight']:.3f}: {voice['reason']}{f' ({parts})' if parts else ''}"
        )


def _verdict(report: Told) -> None:
    if report["approved"]:
        say(f"  verdict   approved, {report['quantity']}: {report['sizing']}")
    else:
        detail = f": {report['detail']}" if report["detail"] else ""
        say(f"  verdict   denied, {report['reason']}{detail}")
    for check in report["checks"]:
        mark = "ok  " if check["passed"] else "FAIL"
        note = f" ({check['note']})" if check.get("note") else ""
        measured, limit = ("none" if check[each] is None else check[each] for each in ("measured", "limit"))
        say(f"    {mark} {check['rule']:<28} measured {measured}, limit {limit}{note}")


def _order(report: Told) -> None:
    level = f" at {report['level']}" if report["level"] else ""
    say()
    say(f"order     {report['client_id']} {report['what']} {report['quantity']}{level}")
    for state in report["states"]:
        reason = f": {state['reason']}" if state["reason"] else ""
        say(f"  {state['at'][:19]} {state['status']}{reason}")
    for fill in report["fills"]:
        say(
            f"  {fill['at'][:19]} filled {fill['quantity']} at {fill['price']} "
            f"(reference {fill['reference']}), fee {fill['fee']}"
        )
