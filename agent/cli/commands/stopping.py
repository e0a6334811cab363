"""The commands that stop, sell and set right; each hands over to a module that does the work."""

from typing import Annotated

import typer

from agent.cli.options import (
    BaseUrlOption,
    ConfigOption,
    HomeOption,
    JournalOption,
    JsonOption,
    KeyOption,
    ReasonOption,
    needed,
)
from domain.symbols import spelled

stopping = typer.Typer(rich_markup_mode=None)


@stopping.command(
    epilog="Examples: agent kill --reason 'odd prices' | agent kill --code. Works with and without a running "
    "agent. Positions stay: agent flatten sells them."
)
def kill(
    *,
    reason: Annotated[str | None, typer.Option(help="Why; it goes into the journal.")] = None,
    code: Annotated[
        bool,
        typer.Option("--code", help="Kill nothing: show a code for one kill by an assistant (agent mcp)."),
    ] = False,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Throw the kill switch: no entry until `agent reset-kill`. Exits and stops go on working."""
    if code:
        from agent.cli.handlers.kill_code import show_code

        show_code(home, journal, reason, json=json)
        return
    from agent.cli.handlers.switches import throw
    from domain.commands import Kill
    from domain.errors import BadInput

    if reason is None:
        raise BadInput("--reason is needed: it goes into the journal")
    throw(Kill(reason=reason, key=key), home, journal, json=json)


@stopping.command("reset-kill", epilog="Example: agent reset-kill --reason 'prices are right again'.")
def reset_kill(
    *,
    reason: ReasonOption = "operator resumed",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Reset the kill switch: entries are judged again."""
    from agent.cli.handlers.switches import throw
    from domain.commands import ResetKill

    throw(ResetKill(reason=needed(reason), key=key), home, journal, json=json)


stopping.command("resume", hidden=True, epilog="Example: agent reset-kill; it is called so now.")(reset_kill)


@stopping.command(
    epilog="Example: agent pause --reason 'maintenance of the exchange'. Stops rest at the exchange "
    "meanwhile; a pause ends with the session."
)
def pause(
    *,
    reason: ReasonOption = "operator paused",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Hold the running agent between two cycles until `agent unpause`."""
    from agent.cli.handlers.switches import hold
    from domain.commands import Pause

    hold(Pause(reason=needed(reason), key=key), home, journal, json=json)


@stopping.command(epilog="Example: agent unpause --reason 'maintenance is over'.")
def unpause(
    *,
    reason: ReasonOption = "operator unpaused",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Let a paused agent go on."""
    from agent.cli.handlers.switches import hold
    from domain.commands import Unpause

    hold(Unpause(reason=needed(reason), key=key), home, journal, json=json)


@stopping.command(
    epilog="Example: agent stop --reason 'new version'. Positions keep their stops at the exchange; on paper "
    "they wait in the journal. Without a running agent there is nothing to do."
)
def stop(
    *,
    reason: ReasonOption = "operator stopped",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """End the running agent after the cycle under way."""
    from agent.cli.handlers.switches import end
    from domain.commands import Stop

    end(Stop(reason=needed(reason), key=key), home, journal, json=json)


@stopping.command(
    epilog="Example: agent flatten --reason 'going on holiday'. Exit code 0: the venue confirms that nothing "
    "is left. 1: something is, and what."
)
def flatten(
    *,
    reason: ReasonOption,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Emergency stop: no entry from now on, every order cancelled, every position sold, each confirmed."""
    from agent.cli.handlers.emergency import flatten_account
    from domain.commands import Flatten

    flatten_account(Flatten(reason=reason, key=key), home, journal, json=json)


@stopping.command(
    epilog="Examples: agent close BTC-USDT --reason 'before the news' | agent close BTC-USDT --share 50%. "
    "Exit code 0: the venue confirms that nothing of it is left, or no more than was to remain. 1: something "
    "is, and what."
)
def close(
    symbol: Annotated[str, typer.Argument(parser=spelled, metavar="SYMBOL", help="Whose position is sold.")],
    *,
    share: Annotated[
        str, typer.Option(help="How much of it: 50% or 0.5; what remains keeps its stop and target.")
    ] = "100%",
    reason: ReasonOption = "operator closed",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Sell one position and cancel its orders, at once and confirmed; other symbols and entries go on."""
    from agent.cli.handlers.emergency import close_position, share_of
    from domain.commands import ClosePosition

    asked = ClosePosition(symbol=symbol, share=share_of(share), reason=reason, key=key)
    close_position(asked, home, journal, json=json)


@stopping.command(
    epilog="Examples: agent reconcile | agent reconcile --adopt --reason 'sold 0.1 BTC by hand'. "
    "Exit code 0: journal and venue agree, or the account was taken over. 1: they differ."
)
def reconcile(
    *,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take the venue's account over as it is; needs --reason.")
    ] = False,
    write_off: Annotated[
        str | None,
        typer.Option(
            parser=spelled,
            metavar="SYMBOL",
            help="Count the position in a symbol that cannot be sold any more as lost.",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it goes into the journal.")] = None,
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Compare orders and holdings of the journal with the venue's."""
    from agent.cli.handlers.emergency import meant, reconcile_account

    reconcile_account(meant(reason, key, adopt=adopt, lost=write_off), home, journal, json=json)


@stopping.command(
    epilog="Examples: agent doctor | agent doctor --json. Exit code 0: nothing is wrong. "
    "1: something is, with what to do."
)
def doctor(
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Examine the exchange account too: key, rights, fees, clock.")
    ] = False,
    base_url: BaseUrlOption = None,
    config: ConfigOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check configuration, files, journals, clock and providers, and say what to do."""
    from agent.cli.handlers.doctor import examine

    examine(config, home, base_url, live=live, json=json)
