"""The commands that judge what an agent did; each hands over to a module that does the work."""

from typing import Annotated

import typer

from agent.cli.options import HomeOption, JournalOption, JsonOption, StrategyOption, named

judging = typer.Typer(rich_markup_mode=None)

AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", envvar="AGENT_AS_OF", help="Instant at which the days end; now if not given."),
]


@judging.command(
    epilog="Examples: agent gate | agent gate --days 90 | agent gate --notify --json. "
    "Exit code 0: GO. 1: NO-GO. 3: WATCH. 4: NOT ENOUGH DATA. With --notify always 0."
)
def gate(
    *,
    days: Annotated[
        int | None, typer.Option(help="Judge other days than gate.days, without keeping the verdict.")
    ] = None,
    as_of: AsOfOption = None,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell people where the verdict changed; for jobs.")
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Judge whether an agent deserves more money: each rule with measured value and limit, and one verdict.

    The verdict is kept in the home. While it is NO-GO, `agent run --mode live` makes no entry.
    """
    from agent.cli.handlers.gate import GateRequest, show_gate

    show_gate(home, journal, GateRequest(days, as_of, notify, json))


@judging.command(
    epilog="Examples: agent decay | agent decay --days 90 --json | agent decay --notify. "
    "Exit code 0: steady, or too little data to say. 1: decay. With --notify always 0."
)
def decay(
    *,
    days: Annotated[
        int | None, typer.Option(help="Days of trades to look at; gate.decay_days if not given.")
    ] = None,
    as_of: AsOfOption = None,
    notify: Annotated[
        bool,
        typer.Option("--notify", help="Tell people, and pause entries if gate.decay_pauses; for jobs."),
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Test whether a strategy earns less than it did, by tests that say how often they are wrong."""
    from agent.cli.handlers.decay import DecayRequest, show_decay

    show_decay(home, journal, DecayRequest(days, as_of, notify, json))


@judging.command(
    epilog="Examples: agent ab paper-a paper-b | agent ab paper-a paper-b --every 1h --alarm 0.01 --json. "
    "Exit code 0: whatever it shows. 2: the two do not trade the same candles."
)
def ab(
    first: Annotated[str, typer.Argument(help="Journal of one paper account.", metavar="JOURNAL")],
    second: Annotated[str, typer.Argument(help="Journal of the other.", metavar="OTHER")],
    *,
    every: Annotated[
        str, typer.Option(help="Stretch whose returns make a pair, such as 1h, 4h or 1d.")
    ] = "1d",
    alarm: Annotated[
        float, typer.Option(help="How likely a difference may be told where there is none.")
    ] = 0.05,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two paper accounts, two parameter sets or models, by a test that may be asked every day."""
    from agent.cli.handlers.ab import show_pairs

    show_pairs((first, second), every, alarm, home, json=json)


@judging.command(
    epilog="Examples: agent reoptimize | agent reoptimize --strategy rsi --trials 200 | agent reoptimize "
    "--apply --notify. What is put in force is held against the parameters before it by the next runs, and "
    "taken back where it earns less."
)
def reoptimize(
    *,
    strategy: StrategyOption = None,
    days: Annotated[
        int | None, typer.Option(help="Days of seen candles; gate.reoptimize_days if not given.")
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Parameter sets; gate.reoptimize_trials if not given."),
    ] = None,
    as_of: AsOfOption = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Put better parameters in force: out of sample by a tenth at least."),
    ] = False,
    notify: Annotated[bool, typer.Option("--notify", help="Tell people what was done; for jobs.")] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Search better parameters on the candles the agent saw; offer them, or put them in force on evidence."""
    from agent.cli.handlers.reoptimize import ReoptimizeRequest, reoptimize_command

    names = named(strategy) if strategy else ()
    request = ReoptimizeRequest(names, days, trials, as_of, apply, notify, json)
    reoptimize_command(home, journal, request)
