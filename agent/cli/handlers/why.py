"""`agent why`: a cycle's explanation as a page of text."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.account.running import Running, Unanswering
from agent.cli.options import home_of, say, say_json
from agent.host.shown import blocked_lines, words
from domain.errors import BadInput

Told = dict[str, Any]


def show_why(cycle: int | None, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print why a cycle came out as it did."""
    told = _told(cycle, home, journal)
    if json:
        say_json(told)
        return
    say(
        f"cycle {told['cycle']} at {told['at']} ({told['mode']}, session {told['session']}): "
        f"{told['outcome']}"
    )
    say(f"path      {' -> '.join(told['path'])}")
    if told["error"]:
        say(f"failed    in {told['error']['stage']}: {told['error']['kind']}: {told['error']['message']}")
    for line in blocked_lines(told["blocked"]):
        say(f"blocked   {line}")
    for name, version in told["parameters"].items():
        say(f"params    {name} version {version['version']}: {words(version['parameters'])}")
    for symbol in told["symbols"]:
        _symbol(symbol)
    for order in told["orders"]:
        _order(order)


def _told(cycle: int | None, home: Path | None, journal: str | None) -> Told:
    """Return what a running agent says, before anything heavy is imported, else its journal."""
    place = home_of(home)
    name = place.latest(journal)
    with suppress(BadInput, Unanswering):  # the journal says it better, an older agent cannot
        live: Told | None = Running(place, name).ask("why", cycle=cycle)
        if live is not None:
            return live
    from agent.account.client import Reader

    return Reader(place, name).explained(cycle)


def _symbol(told: Told) -> None:
    seen = told["seen"]
    say()
    say(told["symbol"])
    say(
        f"  seen      {seen['source']} data from {seen['provider']}, "
        f"fetched {seen['fetched_age_seconds']:g} s before, "
        f"{seen['new_candles']} new candles, breaker {seen['breaker']}"
    )
    if seen["candle_opened_at"]:
        say(
            f"  candle    opened {seen['candle_opened_at']} ({seen['candle_age_seconds']:g} s before), "
            f"close {seen['candle_close']}"
        )
    if seen["price"]:
        say(f"  price     {seen['price']} ({seen['price_age_seconds']:g} s old)")
    for provider, reason in seen["not_served_by"].items():
        say(f"  not from  {provider}: {reason}")
    for finding in seen["findings"]:
        say(f"  finding   {finding}")
    for headline in seen["headlines"]:
        say(f"  headline  {headline!r}")
    if told["decision"]:
        _decision(told["decision"])
    if told["verdict"]:
        _verdict(told["verdict"])
    if told["would_have_turned_it"]:
        say(f"  turned by {told['would_have_turned_it']['text']}")


def _decision(told: Told) -> None:
    say(
        f"  decision  {told['action']}, score {told['score']:g}, confidence {told['confidence']:g}, "
        f"regime {told['regime']}: {told['reason']}"
    )
    for voice in told["voices"]:
        vote = {1: "buy", -1: "sell"}.get(voice["vote"], "abstains")
        parts = ", ".join(f"{name} {value:g}" for name, value in voice.get("parts", {}).items())
        say(
            f"    {voice['name']:<10}{vote:<9}confidence {voice['confidence']:g} "
            f"weight {voice['weight']:.3f}: {voice['reason']}{f' ({parts})' if parts else ''}"
        )


def _verdict(told: Told) -> None:
    if told["approved"]:
        say(f"  verdict   approved, {told['quantity']}: {told['sizing']}")
    else:
        detail = f": {told['detail']}" if told["detail"] else ""
        say(f"  verdict   denied, {told['reason']}{detail}")
    for check in told["checks"]:
        mark = "ok  " if check["passed"] else "FAIL"
        note = f" ({check['note']})" if check.get("note") else ""
        measured, limit = ("none" if check[each] is None else check[each] for each in ("measured", "limit"))
        say(f"    {mark} {check['rule']:<28} measured {measured}, limit {limit}{note}")


def _order(told: Told) -> None:
    level = f" at {told['level']}" if told["level"] else ""
    say()
    say(f"order     {told['client_id']} {told['what']} {told['quantity']}{level}")
    for state in told["states"]:
        reason = f": {state['reason']}" if state["reason"] else ""
        say(f"  {state['at'][:19]} {state['status']}{reason}")
    for fill in told["fills"]:
        say(
            f"  {fill['at'][:19]} filled {fill['quantity']} at {fill['price']} "
            f"(reference {fill['reference']}), fee {fill['fee']}"
        )
