"""`agent flatten | close | reconcile`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.account.running import Running
from agent.cli.handlers.undisturbed import Undisturbed
from agent.cli.options import home_of, needed, say, say_json
from domain.errors import BadInput

if TYPE_CHECKING:  # heavy, and a running agent is asked without it
    from agent.account.client import Reader


def flatten_account(home: Path | None, journal: str | None, reason: str, *, json: bool) -> None:
    """Cancel and sell everything; exits 1 unless the venue confirms that nothing is left."""
    why, place = needed(reason), home_of(home)
    name = place.latest(journal)
    told = Running(place, name).have("flatten", reason=why)
    if told is None:
        with Undisturbed():
            from agent.account.client import Reader

            told = Reader(place, name).flatten(why)
    if json:
        say_json(told)
    elif told["flat"]:
        say("flat      no order and no position is left, the venue confirms it; the kill switch is thrown")
        _say_dust(told["dust"])
    else:
        say("NOT FLAT  the kill switch is thrown, but this is left:")
        _say_left(told, "agent flatten")
    _leave_stop(told, json=json)


def close_position(symbol: str, home: Path | None, journal: str | None, reason: str, *, json: bool) -> None:
    """Sell one symbol's position; exits 1 unless the venue confirms that nothing of it is left."""
    why, place = needed(reason), home_of(home)
    name = place.latest(journal)
    told = Running(place, name).have("close", symbol=symbol, reason=why)
    if told is None:
        with Undisturbed():
            from agent.account.client import Reader

            told = Reader(place, name).close(symbol, why)
    if json:
        say_json(told)
    elif told["flat"]:
        profit = f", profit {told['profit']} after costs" if told["profit"] is not None else ""
        say(f"closed    {symbol}: no order and no position is left, the venue confirms it{profit}")
        _say_dust(told["dust"])
    else:
        say(f"NOT SOLD  of {symbol} this is left:")
        _say_left(told, f"agent close {symbol}")
    _leave_stop(told, json=json)


def _say_left(told: Mapping[str, Any], command: str) -> None:
    for client_id in told["orders"]:
        say(f"order     {client_id}")
    for symbol, quantity in told["positions"].items():
        say(f"position  {quantity} {symbol}")
    _say_dust(told["dust"])
    for problem in told["problems"]:
        say(f"problem   {problem}")
    say(f"run {command} again, or sell at the exchange and then: agent reconcile")


def _leave_stop(told: Mapping[str, Any], *, json: bool) -> None:
    if told.get("unjournaled") and not json:
        say(f"NOTE      {told['unjournaled']}")
    sys.exit(0 if told["flat"] else 1)


def reconcile_account(
    home: Path | None, journal: str | None, reason: str | None, *, adopt: bool, lost: str | None, json: bool
) -> None:
    """Compare journal and venue, or take the venue's account over; exits 1 when they differ."""
    from agent.account.client import Reader

    if lost is not None:
        _write_off(Reader(home_of(home), journal), lost, needed(reason or ""), adopt=adopt, json=json)
        return
    if reason is not None and not adopt:
        raise BadInput("--reason is for --adopt and --write-off")
    told = Reader(home_of(home), journal).reconcile(needed(reason or "") if adopt else None)
    if json:
        say_json(told)
    elif adopt:
        aside = ", ".join(f"{amount} {asset}" for asset, amount in told["aside"].items())
        say(f"adopted   cash {told['cash']}; left aside: {aside}")
        for symbol, lots in told["gone_lots"].items():
            say(f"gone      {lots} lots of {symbol}, counted as sold at the last price")
    else:
        for kind in ("strange_orders", "unresolved", "differences", "contradictions"):
            for each in told[kind]:
                say(f"{kind.replace('_', ' ')}: {each}")
        _say_dust(told["dust"])
        for symbol, odd in told["not_read"].items():
            say(f"not read  {symbol}: {odd}")
        say("in line   journal and venue agree" if told["in_line"] else "DIFFERS   see above")
    sys.exit(0 if adopt or told["in_line"] else 1)


def _write_off(reader: "Reader", symbol: str, reason: str, *, adopt: bool, json: bool) -> None:
    if adopt:
        raise BadInput("--adopt and --write-off are two commands: give one of them")
    told = reader.write_off(symbol, reason)
    if json:
        say_json(told)
    else:
        lost = f"{told['quantity']} {symbol}"
        say(f"lost      {lost} count as sold at nothing; what the venue shows of it lies aside")


def _say_dust(dust: Mapping[str, str]) -> None:
    """Say what is too small to be sold: it joins the next purchase."""
    if dust:
        left = ", ".join(f"{quantity} {asset}" for asset, quantity in dust.items())
        say(f"dust      left: {left}, too small to be sold")
