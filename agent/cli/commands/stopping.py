"""The commands that stop, sell and set right; each hands over to a module that does the work."""

from typing import Annotated

import typer

from agent.cli.options import BaseUrlOption, ConfigOption, HomeOption, JournalOption, JsonOption
from domain.symbols import spelled

stopping = typer.Typer(rich_markup_mode=None)


@stopping.command(epilog="Example: agent kill --reason 'the market has gone mad'")
def kill(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Throw the kill switch: no entry until `agent resume`. Exits and stops go on working."""
    from agent.cli.handlers.status import switch

    switch(home, journal, reason, active=True, json=json)


@stopping.command(epilog="Example: agent resume --reason 'looked at, it was a bad print'")
def resume(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")] = "operator resumed",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Reset the kill switch."""
    from agent.cli.handlers.status import switch

    switch(home, journal, reason, active=False, json=json)


@stopping.command(
    epilog="Example: agent flatten --reason 'going on holiday'. Exit code 0: the venue confirms that nothing "
    "is left. 1: something is, and what."
)
def flatten(
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")],
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Emergency stop: no entry from now on, every order cancelled, every position sold, each confirmed."""
    from agent.cli.handlers.emergency import flatten_account

    flatten_account(home, journal, reason, json=json)


@stopping.command(
    epilog="Example: agent close BTC-USDT --reason 'before the news'. Exit code 0: the venue confirms that "
    "nothing of it is left. 1: something is, and what."
)
def close(
    symbol: Annotated[str, typer.Argument(parser=spelled, metavar="SYMBOL", help="Whose position is sold.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; it goes into the journal.")] = "operator closed",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Sell one position and cancel its orders, at once and confirmed; other symbols and entries go on."""
    from agent.cli.handlers.emergency import close_position

    close_position(symbol, home, journal, reason, json=json)


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
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Compare orders and holdings of the journal with the venue's."""
    from agent.cli.handlers.emergency import reconcile_account

    reconcile_account(home, journal, reason, adopt=adopt, lost=write_off, json=json)


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
