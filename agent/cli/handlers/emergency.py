"""`agent flatten | close | reconcile`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.account.running import Running
from agent.cli.handlers.undisturbed import Undisturbed
from agent.cli.options import home_of, needed
from agent.cli.output.streams import say, say_json
from domain.errors import BadInput

if TYPE_CHECKING:  # heavy, and a running agent is asked without it
    from agent.account.client import AccountClient


def flatten_account(home: Path | None, journal: str | None, reason: str, *, json: bool) -> None:
    """Cancel and sell everything; exits 1 unless the venue confirms that nothing is left."""
    why, agent_home = needed(reason), home_of(home)
    name = agent_home.latest(journal)
    report = Running(agent_home, name).have("flatten", reason=why)
    if report is None:
        with Undisturbed():
            from agent.account.client import AccountClient

            report = AccountClient(agent_home, name).flatten(why)
    if json:
        say_json(report)
    elif report["flat"]:
        say("flat      no order and no position is left, the venue confirms it; the kill switch is thrown")
        _say_dust(report["dust"])
    else:
        say("NOT FLAT  the kill switch is thrown, but this is left:")
        _say_left(report, "agent flatten")
    _leave_stop(report, json=json)


def close_position(symbol: str, home: Path | None, journal: str | None, reason: str, *, json: bool) -> None:
    """Sell one symbol's position; exits 1 unless the venue confirms that nothing of it is left."""
    why, agent_home = needed(reason), home_of(home)
    name = agent_home.latest(journal)
    report = Running(agent_home, name).have("close", symbol=symbol, reason=why)
    if report is None:
        with Undisturbed():
            from agent.account.client import AccountClient

            report = AccountClient(agent_home, name).close(symbol, why)
    if json:
        say_json(report)
    elif report["flat"]:
        profit = f", profit {report['profit']} after costs" if report["profit"] is not None else ""
        say(f"closed    {symbol}: no order and no position is left, the venue confirms it{profit}")
        _say_dust(report["dust"])
    else:
        say(f"NOT SOLD  of {symbol} this is left:")
        _say_left(report, f"agent close {symbol}")
    _leave_stop(report, json=json)


def _say_left(answer: Mapping[str, Any], command: str) -> None:
    for client_id in answer["orders"]:
        say(f"order     {client_id}")
    for symbol, quantity in answer["positions"].items():
        say(f"position  {quantity} {symbol}")
    _say_dust(answer["dust"])
    for problem in answer["problems"]:
        say(f"problem   {problem}")
    say(f"run {command} again, or sell at the exchange and then: agent reconcile")


def _leave_stop(answer: Mapping[str, Any], *, json: bool) -> None:
    if answer.get("unjournaled") and not json:
        say(f"NOTE      {answer['unjournaled']}")
    sys.exit(0 if answer["flat"] else 1)


def reconcile_account(
    home: Path | None, journal: str | None, reason: str | None, *, adopt: bool, lost: str | None, json: bool
) -> None:
    """Compare journal and venue, or take the venue's account over; exits 1 when they differ."""
    from agent.account.client import AccountClient

    if lost is not None:
        _write_off(AccountClient(home_of(home), journal), lost, needed(reason or ""), adopt=adopt, json=json)
        return
    if reason is not None and not adopt:
        raise BadInput("--reason is for --adopt and --write-off")
    report = AccountClient(home_of(home), journal).reconcile(needed(reason or "") if adopt else None)
    if json:
        say_json(report)
    elif adopt:
        aside = ", ".join(f"{amount} {asset}" for asset, amount in report["untracked"].items())
        say(f"adopted   cash {report['cash']}; left untracked: {aside}")
        for symbol, lots in report["missing_lots"].items():
            say(f"gone      {lots} lots of {symbol}, counted as sold at the last price")
    else:
        for kind in ("strange_orders", "unresolved", "differences", "contradictions"):
            for each in report[kind]:
                say(f"{kind.replace('_', ' ')}: {each}")
        _say_dust(report["dust"])
        for symbol, odd in report["not_read"].items():
            say(f"not read  {symbol}: {odd}")
        say("in line   journal and venue agree" if report["in_line"] else "DIFFERS   see above")
    sys.exit(0 if adopt or report["in_line"] else 1)


def _write_off(reader: "AccountClient", symbol: str, reason: str, *, adopt: bool, json: bool) -> None:
    if adopt:
        raise BadInput("--adopt and --write-off are two commands: give one of them")
    report = reader.write_off(symbol, reason)
    if json:
        say_json(report)
    else:
        lost = f"{report['quantity']} {symbol}"
        say(f"lost      {lost} count as sold at nothing; what the venue shows of it lies aside")


def _say_dust(dust: Mapping[str, str]) -> None:
    """Say what is too small to be sold: it joins the next purchase."""
    if dust:
        left = ", ".join(f"{quantity} {asset}" for asset, quantity in dust.items())
        say(f"dust      left: {left}, too small to be sold")
