"""The work of `agent flatten | close | reconcile`: one command each, and what it came to."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from agent.account.dispatch import dispatch
from agent.cli.handlers.undisturbed import Undisturbed
from agent.cli.options import home_of, needed
from agent.cli.output.streams import say, say_json
from domain.commands import AdoptAccount, ClosePosition, Flatten, Reconcile, WriteOffPosition
from domain.errors import BadInput
from domain.replies import Adopted, Flattened, PositionClosed, Reconciled, WrittenOff

Comparing = Reconcile | AdoptAccount | WriteOffPosition


def flatten_account(command: Flatten, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Cancel and sell everything; exits 1 unless the venue confirms that nothing is left."""
    agent_home = home_of(home)
    report = cast("Flattened", dispatch(agent_home, agent_home.latest(journal), command, alone=Undisturbed))
    if json:
        say_json(report)
    elif report.flat:
        say("flat      no order and no position is left, the venue confirms it; the kill switch is thrown")
        _say_dust(report.dust)
    else:
        say("NOT FLAT  the kill switch is thrown, but this is left:")
        _say_left(report, "agent flatten")
    _leave_stop(report, json=json)


def close_position(command: ClosePosition, home: Path | None, journal: str | None, *, json: bool) -> None:
    """Sell one symbol's position, or a share of it; exits 1 unless the venue confirms what is left."""
    agent_home, symbol = home_of(home), command.symbol
    report = cast(
        "PositionClosed", dispatch(agent_home, agent_home.latest(journal), command, alone=Undisturbed)
    )
    if json:
        say_json(report)
    elif report.flat and report.kept:
        say(f"sold      a share of {symbol}: {report.kept} remain, protected as they were")
    elif report.flat:
        profit = f", profit {report.profit} after costs" if report.profit is not None else ""
        say(f"closed    {symbol}: no order and no position is left, the venue confirms it{profit}")
        _say_dust(report.dust)
    else:
        say(f"NOT SOLD  of {symbol} this is left:")
        _say_left(report, f"agent close {symbol}")
    _leave_stop(report, json=json)


def share_of(text: str) -> Decimal:
    """Return a share from 50% or 0.5. Raises BadInput."""
    number, share = text.strip(), Decimal(0)
    with suppress(InvalidOperation):
        share = Decimal(number.removesuffix("%")) / (100 if number.endswith("%") else 1)
    if not share.is_finite() or not 0 < share <= 1:
        raise BadInput(f"--share {text!r}: must be above 0 and at most 100%, such as 50% or 0.5")
    return share


def _say_left(report: Flattened | PositionClosed, command: str) -> None:
    for client_id in report.orders:
        say(f"order     {client_id}")
    for symbol, quantity in report.positions.items():
        say(f"position  {quantity} {symbol}")
    _say_dust(report.dust)
    for problem in report.problems:
        say(f"problem   {problem}")
    say(f"run {command} again, or sell at the exchange and then: agent reconcile")


def _leave_stop(report: Flattened | PositionClosed, *, json: bool) -> None:
    if report.unjournaled and not json:
        say(f"NOTE      {report.unjournaled}")
    sys.exit(0 if report.flat else 1)


def meant(reason: str | None, key: str, *, adopt: bool, lost: str | None) -> Comparing:
    """Return the command that the options of `agent reconcile` mean. Raises BadInput where they clash."""
    if adopt and lost is not None:
        raise BadInput("--adopt and --write-off are two commands: give one of them")
    if lost is not None:
        return WriteOffPosition(symbol=lost, reason=needed(reason or ""), key=key)
    if adopt:
        return AdoptAccount(reason=needed(reason or ""), key=key)
    if reason is not None:
        raise BadInput("--reason is for --adopt and --write-off")
    return Reconcile(key=key)


def reconcile_account(
    command: Reconcile | AdoptAccount | WriteOffPosition,
    home: Path | None,
    journal: str | None,
    *,
    json: bool,
) -> None:
    """Compare journal and venue, or take the venue's account over; exits 1 when they differ."""
    agent_home = home_of(home)
    report = dispatch(agent_home, agent_home.latest(journal), command)
    if json:
        say_json(report)
    elif isinstance(report, Adopted):
        aside = ", ".join(f"{amount} {asset}" for asset, amount in report.untracked.items())
        say(f"adopted   cash {report.cash}; left untracked: {aside}")
        for symbol, lots in report.missing_lots.items():
            say(f"gone      {lots} lots of {symbol}, counted as sold at the last price")
    elif isinstance(report, WrittenOff):
        lost = f"{report.quantity} {report.written_off}"
        say(f"lost      {lost} count as sold at nothing; what the venue shows of it lies aside")
    elif isinstance(report, Reconciled):
        _say_compared(report)
    sys.exit(1 if isinstance(report, Reconciled) and not report.in_line else 0)


def _say_compared(report: Reconciled) -> None:
    for kind in ("strange_orders", "unresolved", "differences", "contradictions"):
        for each in getattr(report, kind):
            say(f"{kind.replace('_', ' ')}: {each}")
    _say_dust(report.dust)
    for symbol, odd in report.not_read.items():
        say(f"not read  {symbol}: {odd}")
    say("in line   journal and venue agree" if report.in_line else "DIFFERS   see above")


def _say_dust(dust: Mapping[str, str]) -> None:
    """Say what is too small to be sold: it joins the next purchase."""
    if dust:
        left = ", ".join(f"{quantity} {asset}" for asset, quantity in dust.items())
        say(f"dust      left: {left}, too small to be sold")
