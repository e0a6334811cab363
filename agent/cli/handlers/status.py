"""`agent status | positions | lessons | kill | resume`."""

from pathlib import Path
from typing import Any

from agent.account.running import Running, Unanswering
from agent.cli.options import home_of, needed
from agent.cli.output.streams import say, say_json
from agent.host.shown import blocked_lines, words
from agent.settings.home import Busy

Row = dict[str, Any]


def show_status(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what the agent is doing, or how its last session ended."""
    report = _status(home, journal)
    if json:
        say_json(report)
    else:
        _say_status(report)
    if report.get("problem"):
        raise Busy(report["problem"])


def _status(home: Path | None, journal: str | None) -> Row:
    """Return what a running agent says of itself, before anything heavy is imported, else its journal."""
    agent_home = home_of(home)
    name, silent = agent_home.latest(journal), None
    try:
        live: Row | None = Running(agent_home, name).have("status")
        if live is not None:
            return live
    except Unanswering as error:
        silent = error
    from agent.account.client import AccountClient

    return AccountClient(agent_home, name).status(silent)


def _say_status(report: Row) -> None:
    account = report["account"]
    doing = (
        f"running, {report.get('state')}"
        if report["running"]
        else f"not running, last session: {report['ended']}"
    )
    if report.get("problem"):
        doing = "alive but not answering, this is from its journal"
    if report.get("paused"):
        doing += ", paused"
    say(
        f"agent     {doing} (journal {report['journal']}, session {report['session']}, "
        f"cycle {report['cycle']})"
    )
    say(f"equity    {account['equity']} (opened with {account['opening_cash']}), cash {account['cash']}")
    say(f"today     {account['profit_today']}, entries {account['entries_today']}")
    say(
        f"trades    {account['trades']}, won {account['wins']}, fees {account['fees']}, "
        f"slippage {account['slippage']}, max drawdown {account['max_drawdown']:.2%}"
    )
    say(f"kill      {account['kill_switch'] or 'not thrown'}")
    for line in blocked_lines(account.get("blocked", {})):
        say(f"blocked   {line}")
    for name, fault in report.get("muted", {}).items():
        say(f"muted     {name}: {fault}")
    for name, row in report.get("parameters", {}).items():  # an agent of an older version has none
        say(f"params    {name} version {row['version']}: {words(row['parameters'])}")
    for row in report.get("market", []):
        say(
            f"market    {row['symbol']} {row['price']} ({row['source']} from {row['provider']}, "
            f"breaker {row['breaker']})"
        )
    for row in report.get("decisions", []):
        say(f"decision  {row['symbol']} {row['action']}: {row['reason']}")
    _say_positions(report["positions"])


def show_positions(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print open positions and their protection."""
    report = _status(home, journal)["positions"]
    if json:
        say_json(report)
    else:
        _say_positions(report)


def _say_positions(report: list[Row]) -> None:
    if not report:
        say("position  none")
    for held in report:
        say(
            f"position  {held['quantity']} {held['symbol']} at {held['entry']}, "
            f"price {held['price'] or '?'}, unrealised {held['unrealised']}, since {held['opened_at'][:19]}"
        )
        for order in held["orders"]:
            say(
                f"  order   {order['side']} {order['quantity']} {order['type']} at {order['level']}: "
                f"{order['status']}"
            )


def show_lessons(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print what was learned."""
    from agent.account.client import AccountClient

    report = AccountClient(home_of(home), journal).lessons()
    if json:
        say_json(report)
        return
    for name, voice in report["voices"].items():
        say(f"voice     {name}: {_figures(voice)}")
    for name, rule in report["rules"].items():
        say(f"veto      {name}: {_figures(rule)}")
    say(f"trades    {_figures(report['totals'])}")
    for item in report["lessons"][-20:]:
        rule = f", vetoed by {item['rule']}" if item["rule"] else f", pnl {item['pnl']}"
        say(
            f"lesson    {item['learned_at'][:19]} {item['kind']} {item['symbol']} {item['result']:+.3%} "
            f"by {item['exit']}{rule}"
        )


def _figures(row: Row) -> str:
    return ", ".join(f"{name} {_figure(value)}" for name, value in row.items())


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def switch(home: Path | None, journal: str | None, reason: str, *, active: bool, json: bool) -> None:
    """Throw or reset the kill switch."""
    reason, agent_home = needed(reason), home_of(home)
    name = agent_home.latest(journal)
    report = Running(agent_home, name).have("kill" if active else "reset", reason=reason)
    if report is None:
        from agent.host.clock import SystemClock
        from agent.outage.at_rest import switched

        report = switched(agent_home, name, reason, SystemClock(), active=active)
    if report is None:
        from agent.account.client import AccountClient

        report = AccountClient(agent_home, name).kill(reason, SystemClock(), active=active)
    if json:
        say_json(report)
    elif active:
        say(f"kill switch thrown: {reason}. no entries until: agent resume")
        if report.get("unjournaled"):
            say(f"NOTE      {report['unjournaled']}")
    else:
        say("kill switch reset: entries are judged again")
