"""`agent meta ...`: models trained on entries of the past, and which of them is asked."""

from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.commands.over_candles import over_candles
from agent.cli.group import PlainGroup
from agent.cli.options import HomeOption, JournalOption, JsonOption, KeyOption, ReasonOption

if TYPE_CHECKING:
    from agent.cli.handlers.inputs import ResearchRequest

meta = typer.Typer(
    cls=PlainGroup,
    help="Train models on entries of the past, see what they are worth, and have them asked or not.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
ModelArgument = Annotated[str, typer.Argument(help="NAME, or NAME:VERSION.", metavar="MODEL")]


@meta.command(
    epilog="Examples: agent meta train --strategy rsi --strategy sma --data BTC-USDT_1h.csv.gz --data "
    "ETH-USDT_1h.csv.gz | agent meta train --kind logistic --strategy sma --symbol BTC-USDT --timeframe 1h "
    "--target-atr 4 --stop-atr 2 --horizon 48 | agent meta train --name both --member meta:1 --member meta:2 "
    "--strategy sma --data BTC-USDT_1h.csv.gz. Exit code 0: trained and kept, whether it passes the gate or "
    "not. 2: bad input, or too few entries."
)
@over_candles
def train(
    asked: "ResearchRequest",
    *,
    name: Annotated[str, typer.Option(help="Name of the model; each training is a new version.")] = "meta",
    kind: Annotated[str, typer.Option(help="logistic or trees.")] = "trees",
    horizon: Annotated[
        int | None,
        typer.Option(help="Candles until an entry is settled; as vetoed entries are if not given."),
    ] = None,
    stop_atr: Annotated[
        float, typer.Option(help="Stop of the label in ATRs below the entry; the signal's own if 0.")
    ] = 0.0,
    target_atr: Annotated[
        float, typer.Option(help="Target of the label in ATRs above the entry; the signal's own if 0.")
    ] = 0.0,
    embargo: Annotated[
        int, typer.Option(help="Candles left out behind what is judged, beside what overlaps it.")
    ] = 48,
    seed: Annotated[int, typer.Option(help="Seed of the fit and of the intervals.")] = 0,
    member: Annotated[
        list[str] | None,
        typer.Option(
            help="Average this model of the home in log-odds with the others named, NAME or NAME:VERSION, in "
            "place of a fit of its own; kind and label are the members'."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Train a model that says which entries of the strategies would pay, and judge it year by year."""
    from agent.cli.handlers.meta import TrainRequest, train_command

    request = TrainRequest(
        asked,
        name,
        kind,
        horizon,
        stop_atr,
        target_atr,
        embargo,
        seed,
        json=json,
        members=tuple(member or ()),
    )
    train_command(request)


@meta.command("list", epilog="Examples: agent meta list | agent meta list --json")
def list_(*, home: HomeOption = None, journal: JournalOption = None, json: JsonOption = False) -> None:
    """List every model: figures, what the gate says of it, and which is asked."""
    from agent.cli.handlers.meta import list_models

    list_models(home, journal, json=json)


@meta.command(
    epilog="Examples: agent meta drift | agent meta drift --demote --json | agent meta drift --notify. Exit "
    "code 0: nothing speaks against a model, too little is known, or people were told. 1: something does."
)
def drift(
    *,
    demote: Annotated[
        bool, typer.Option("--demote", help="Let promoted models with an alarm only lower entries.")
    ] = False,
    notify: Annotated[
        bool, typer.Option("--notify", help="Tell people over the channels of alerts, as the job does.")
    ] = False,
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Hold the models in force against their training: inputs that moved, chances that come true no more."""
    from agent.cli.handlers.meta_drift import drift_command

    drift_command(home, journal, demote=demote, notify=notify, json=json)


@meta.command(
    epilog="Examples: agent meta promote meta | agent meta promote meta --version 2 | agent meta promote "
    'meta --force --reason "to see what it would hold back". Exit code 0: in force. 1: it does not '
    "pass the gate. 2: bad input."
)
def promote(
    model: ModelArgument,
    *,
    version: Annotated[int | None, typer.Option(help="Version; the newest if not given.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Have it asked all the same, only to lower entries.")
    ] = False,
    reason: ReasonOption = "",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Have a model asked before each entry, if its figures pass the gate; forced it may only lower them."""
    from agent.cli.handlers.meta import put_in_force
    from domain.commands import PromoteModel
    from edge.versioned import split_version

    if version is None:
        model, version = split_version("model", model)
    command = PromoteModel(model=model, version=version, force=force, reason=reason, key=key)
    put_in_force(command, home, journal, json=json)


@meta.command(
    epilog='Examples: agent meta rollback --reason "it held back good entries" | agent meta rollback 0 '
    '--model meta --reason "no model"'
)
def rollback(
    version: Annotated[
        int | None,
        typer.Argument(help="Set of the journal to go back to, 0 for no model; the one before."),
    ] = None,
    *,
    model: Annotated[str | None, typer.Option(help="Which model; the one set last if not given.")] = None,
    reason: ReasonOption = "",
    key: KeyOption = "",
    home: HomeOption = None,
    journal: JournalOption = None,
    json: JsonOption = False,
) -> None:
    """Go back to an earlier model or to none; it then only lowers entries until it is promoted anew."""
    from agent.cli.handlers.meta import put_in_force
    from domain.commands import RollBackModel

    put_in_force(
        RollBackModel(version=version, model=model, reason=reason, key=key), home, journal, json=json
    )
