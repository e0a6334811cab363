"""`agent sandbox`: an exchange or a model server of one's own, to rehearse on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.options import JsonOption
from agent.cli.output.streams import say, say_json
from domain.errors import BadInput

if TYPE_CHECKING:
    from decimal import Decimal
    from threading import Event

    from platforms.sandbox.model.server import ModelServer
    from platforms.sandbox.server.options import SandboxOptions
    from platforms.sandbox.server.server import SandboxServer

EPILOG = (
    "Examples: agent sandbox --speed 60 | agent sandbox --data BTC-USDT_1m.csv.gz --speed 60 "
    "--faults plan.toml --seed 7 | agent sandbox --model --faults model.toml"
)
LOOK_SECONDS = 0.2
PORT = 9443
MODEL_PORT = 9444
OF_THE_MODEL = frozenset({"model", "port", "faults", "seed", "key", "json"})


def sandbox(
    context: typer.Context,
    *,
    model: Annotated[
        bool,
        typer.Option("--model", help="Be a scripted model API for advisers, in place of an exchange."),
    ] = False,
    data: Annotated[
        list[Path] | None, typer.Option(help="Candle file to play (CSV, CSV.gz, Parquet); may be repeated.")
    ] = None,
    symbols: Annotated[
        list[str] | None, typer.Option(help="What is traded, such as BTC-USDT; may be repeated.")
    ] = None,
    speed: Annotated[
        str, typer.Option(help="Times real time: at 60, one-minute candles last a second.")
    ] = "1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 takes a free one.", show_default="9443"),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="Plan of faults, with --model of answers too (TOML).")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn: walk, answers, faults.")] = 0,
    balance: Annotated[
        list[str] | None, typer.Option(help="Holdings such as USDT=10000 or BTC=1; may be repeated.")
    ] = None,
    commission: Annotated[str, typer.Option(help="Commission as a share: 0.001 is 0.1 %.")] = "0.001",
    key: Annotated[str | None, typer.Option(help="API key it accepts; sandbox-key if not given.")] = None,
    secret: Annotated[str | None, typer.Option(help="Its secret; sandbox-secret if not given.")] = None,
    public_key: Annotated[
        Path | None,
        typer.Option(help="PEM of the public key of an Ed25519 or RSA pair, in place of the secret."),
    ] = None,
    withdrawals: Annotated[
        bool,
        typer.Option("--withdrawals", help="Let the key have the right to withdraw, to be refused for it."),
    ] = False,
    any_ip: Annotated[
        bool, typer.Option("--any-ip", help="Let the key be without an IP restriction, to be refused for it.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Run a Binance-compatible exchange, or a model API, on this machine, to rehearse without a key."""
    if model:
        _model(context, port=port, faults=faults, seed=seed, key=key or "", json=json)
        return
    from dataclasses import replace

    from agent.host.clock import SystemClock
    from agent.host.ending import asked_to_end
    from platforms.sandbox.exchange.exchange import Terms
    from platforms.sandbox.requests.venue import KeyRights
    from platforms.sandbox.server.server import SandboxServer

    options = _market(data or [], symbols or [], _number("--speed", speed), seed)
    options = replace(
        options,
        terms=Terms(commission=_share("--commission", commission)),
        rights=KeyRights(ip_restricted=not any_ip, withdrawals=withdrawals),
        key=key or options.key,
        secret=_secret(secret, public_key) or options.secret,
    )
    if balance:
        options = replace(options, balances=dict(_balance(each) for each in balance))
    server = SandboxServer(SystemClock(), options, PORT if port is None else port)
    if faults:
        server.load_faults(_plan(faults))
    with asked_to_end() as ended, server:
        _announce(server, options, json=json)
        _watch(server, ended, json=json)


def _model(
    context: typer.Context, *, port: int | None, faults: Path | None, seed: int, key: str, json: bool
) -> None:
    from agent.host.ending import asked_to_end
    from platforms.sandbox.model.server import ModelServer

    for name in sorted(_given(context) - OF_THE_MODEL):
        raise BadInput(f"--{name.replace('_', '-')}: is of the exchange, and --model is none")
    server = ModelServer(seed=seed, port=MODEL_PORT if port is None else port, key=key)
    with asked_to_end() as ended, server:
        if faults:
            server.load(_plan(faults))
        _announce_model(server, json=json)
        while not ended.wait(LOOK_SECONDS):
            if not server.alive:
                raise BadInput("the model server has stopped")


def _given(context: typer.Context) -> set[str]:
    """Return the options that a command was given, by name."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}


def _announce_model(server: "ModelServer", *, json: bool) -> None:
    from agent.answers.checks import ModelServerAnswer

    faults = len(server.faults)
    if json:
        say_json(ModelServerAnswer(base_url=f"{server.base_url}/v1", faults=faults))
        return
    say(
        f"model     {server.base_url}/v1, OpenAI-compatible and Anthropic, "
        f"{'its' if server.key else 'any'} key"
    )
    say(f"faults    {faults} in force; more by POST {server.base_url}/sandbox/plan")
    say(f"counts    GET {server.base_url}/sandbox/status")


def _market(data: list[Path], symbols: list[str], speed: "Decimal", seed: int) -> "SandboxOptions":
    from perception.files.candles import estimate_rows, read_candles, timeframe_of
    from platforms.sandbox.server.options import HISTORY, SandboxOptions

    files = _named(data, symbols)
    frames = {path: timeframe_of(path) for path in files.values()}
    if len(set(frames.values())) > 1:
        answer = ", ".join(f"{path}: {frame // 1000} s" for path, frame in frames.items())
        raise BadInput(f"--data: candles of one length are needed, not {answer}")
    known = [*symbols, *(symbol for symbol in files if symbol not in symbols)] or ["BTC-USDT"]
    most = min((estimate_rows(path) // 2 for path in files.values()), default=HISTORY)
    return SandboxOptions(
        symbols=tuple(known),
        rows={symbol: read_candles(path) for symbol, path in files.items()},
        timeframe_ms=next(iter(frames.values()), 60_000),
        speed=speed,
        seed=seed,
        history=max(1, min(HISTORY, most)),
    )


def _named(data: list[Path], symbols: list[str]) -> dict[str, Path]:
    from perception.files.candles import symbol_of

    files: dict[str, Path] = {}
    for path in data:
        symbol = symbol_of(path) or (symbols[0] if len(symbols) == len(data) == 1 else None)
        if symbol is None:
            raise BadInput(f"--data {path}: its name does not begin with a symbol such as BTC-USDT_1m")
        if symbol in files:
            raise BadInput(f"--data {path}: {symbol} is played from {files[symbol]} already")
        files[symbol] = path
    return files


def _number(flag: str, text: str) -> "Decimal":
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise BadInput(f"{flag} {text!r} is not a number from 0 up")
    return value


def _share(flag: str, text: str) -> "Decimal":
    value = _number(flag, text)
    if value >= 1:
        raise BadInput(f"{flag} {text} is a share of what is traded and must be below 1: 0.001 is 0.1 %")
    return value


def _balance(text: str) -> tuple[str, "Decimal"]:
    asset, equals, amount = text.partition("=")
    if not equals or not asset.isalnum():
        raise BadInput(f"--balance {text!r} is not of the form ASSET=AMOUNT, for example USDT=10000")
    return asset.upper(), _number(f"--balance {asset}", amount)


def _secret(secret: str | None, public_key: Path | None) -> str | None:
    if public_key is None:
        return secret
    if secret is not None:
        raise BadInput("--secret and --public-key: a key has one of them")
    try:
        return public_key.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--public-key {public_key}: cannot be read: {error}") from None


def _plan(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise BadInput(f"--faults {path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # too deep, or a number of too many digits
        raise BadInput(f"--faults {path}: is not TOML: {error}") from error


def _announce(server: "SandboxServer", options: "SandboxOptions", *, json: bool) -> None:
    from agent.answers.checks import SandboxAnswer
    from platforms.sandbox.exchange.intervals import name_of

    base = name_of(server.exchange.base_ms)
    frame = f"{options.timeframe_ms // 1000} s"
    faults = len(server.faults)
    if json:
        say_json(
            SandboxAnswer(
                base_url=server.base_url,
                ws_url=server.ws_url,
                ws_api_url=server.ws_api_url,
                symbols=list(options.symbols),
                interval=base,
                faults=faults,
            )
        )
        return
    say(f"sandbox   {server.base_url}, streams {server.ws_url}, WebSocket API {server.ws_api_url}")
    for symbol in options.symbols:
        source = "recorded" if symbol in options.rows else f"random walk, seed {options.seed}"
        price = server.exchange.markets[symbol.replace("-", "")].price
        say(f"market    {symbol} at {price:f} ({source}), candles of {frame} played as {base}")
    held = ", ".join(f"{amount:f} {asset}" for asset, amount in server.exchange.account.free.items())
    say(f"account   {held}; key {options.key}")
    say(f"faults    {faults} in force; more by POST {server.base_url}/sandbox/faults")
    say("rehearse  in another terminal:")
    say(f"          export BINANCE_API_KEY={options.key} BINANCE_API_SECRET={_shown_secret(options)}")
    names = " ".join(f"--symbol {symbol}" for symbol in options.symbols)
    say(f"          agent run --mode testnet --base-url {server.base_url} {names} --timeframe {base}")


def _shown_secret(options: "SandboxOptions") -> str:
    from platforms.sandbox.server.options import SECRET

    return SECRET if options.secret == SECRET else "..."  # one of the user's own may be a real one


def _watch(server: "SandboxServer", ended: "Event", *, json: bool) -> None:
    """Stay until the end is asked for; say when the data has ended."""
    from agent.answers.checks import StandingStill

    report = False
    while not ended.wait(LOOK_SECONDS):
        if not server.alive:
            raise BadInput("the sandbox has stopped")
        if server.exchange.standing_still and not report:
            report = True
            if json:
                say_json(StandingStill(standing_still=True))
            else:
                say("market    the data has ended: prices stand still, orders are still taken")
