"""The work of `agent slippage ...`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from agent.account.client import AccountClient
from agent.answers.slippage import SlippageAnswer, SlippageCheckAnswer
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer
from agent.slippage.fitted import fitted
from agent.slippage.held import held_against
from agent.slippage.kept import SlippageModels
from domain.slippage import Beyond, SlippageModel, SymbolSlippage, identity

TOO_FEW = TOO_CHEAP = 1
WIDTH = 24

PAPER = (
    "these are fills of a paper account: they say what paper.slippage and paper.spread say; "
    "fit a journal of testnet or live"
)


def fit_command(home: Path | None, journal: str | None, name: str, *, json: bool) -> None:
    """Fit a model and keep it; exit 1 when no symbol has enough fills."""
    agent_home = home_of(home)
    models, client = SlippageModels(agent_home.slippage), AccountClient(agent_home, journal)
    models.checked(name)
    with client.journal() as opened, progress_bar("reading rows", opened.head()[0]) as advance:
        model = fitted(opened, client.name, name, models.next_version(name), advance)
    kept = any(each.enough for each in model.symbols)
    file = str(models.keep(model)) if kept else ""
    answer(_told(model, file), slippage_lines, json=json)
    if not kept:
        sys.exit(TOO_FEW)


def show_command(home: Path | None, wanted: str, *, json: bool) -> None:
    """Print a model."""
    model, path = SlippageModels(home_of(home).slippage).find(wanted)
    answer(_told(model, str(path)), slippage_lines, json=json)


def check_command(home: Path | None, journal: str | None, wanted: str, *, json: bool) -> None:
    """Hold a model against a journal; exit 1 when orders paid more than a backtest takes."""
    agent_home = home_of(home)
    model, _ = SlippageModels(agent_home.slippage).find(wanted)
    client = AccountClient(agent_home, journal)
    with client.journal() as opened, progress_bar("reading rows", opened.head()[0]) as advance:
        report = held_against(opened, client.name, model, advance)
    answer(report, check_lines, json=json)
    if any(each.too_cheap for each in report.symbols):
        sys.exit(TOO_CHEAP)


def check_lines(report: SlippageCheckAnswer) -> Iterator[str]:
    """Yield how a model stands against orders, as people read it."""
    yield f"model     {report.model} version {report.version}"
    rows = (
        f"rows {report.after + 1} to {report.seq}"
        if report.seq > report.after
        else "no row since it was fitted"
    )
    yield f"data      journal {report.journal}, {rows}"
    for each in report.symbols:
        if each.taken_ppm is None or each.measured_ppm is None or each.error_ppm is None:
            yield f"{each.symbol:<9} {each.note}"
            continue
        yield (
            f"{each.symbol:<9} {each.orders} orders paid {_bp(each.measured_ppm)} beyond the quote, a "
            f"backtest takes {_bp(each.taken_ppm)} (error {_bp(each.error_ppm)})"
        )
        if each.note:
            yield f"          {each.note}"


def _told(model: SlippageModel, file: str) -> SlippageAnswer:
    notes = [f"{count} orders left out: {why}" for why, count in model.left_out.items()]
    if model.mode == "paper":
        notes.append(PAPER)
    return SlippageAnswer(model=model, sha256=identity(model), file=file, kept=bool(file), notes=notes)


def slippage_lines(report: SlippageAnswer) -> Iterator[str]:
    """Yield a model as people read it: where it is from, then each symbol with a picture of its sizes."""
    model = report.model
    if report.kept:
        yield f"model     {model.name} version {model.version}, kept in {report.file}"
        yield f"digest    {report.sha256[:16]}; fingerprint of its orders {model.fingerprint[:16]}"
    else:
        yield "model     none kept: no symbol has enough fills"
    yield f"data      journal {model.journal} ({model.mode}), rows to {model.seq}"
    if model.configured_ppm is not None:
        yield f"settings  {_bp(model.configured_ppm)} beyond the quote: the least a backtest takes"
    if not model.symbols:
        yield "fills     none of market orders yet"
    for each in model.symbols:
        yield from _symbol(each)
    yield from (f"note      {note}" for note in report.notes)


def _symbol(each: SymbolSlippage) -> Iterator[str]:
    yield f"{each.symbol:<9} beyond the quote: {_beyond(each.quote)}"
    yield f"          beyond the candle's open: {_beyond(each.opened)}"
    yield f"          stops and targets beyond their level: {_beyond(each.triggered)}"
    if each.note:
        yield f"          {each.note}"
    if not each.enough:
        return
    yield f"          cost = range x ({each.base:.4f} + {each.growth:.4f} x sqrt(share of volume))"
    most = max([1e-9, *(max(row.measured, row.expected) for row in each.bins)])
    yield "          share of volume   range  orders  expected  measured      90 %"
    for row in each.bins:
        bar = "#" * round(max(0.0, row.measured) / most * WIDTH)
        mark = min(WIDTH, round(max(0.0, row.expected) / most * WIDTH))
        picture = f"{bar:<{WIDTH + 1}}"
        yield (
            f"          {row.share:>15.4%} {_bp(row.range_ppm):>7} {row.orders:>7} {_bp(row.expected):>9} "
            f"{_bp(row.measured):>9} {_bp(row.high):>9}  |{picture[:mark]}+{picture[mark + 1 :]}|"
        )
    yield "          # measured, + expected by the model"


def _beyond(value: Beyond | None) -> str:
    if value is None:
        return "none filled"
    return (
        f"{value.orders} orders, mean {_bp(value.mean)}, median {_bp(value.median)}, nine in ten below "
        f"{_bp(value.high)}"
    )


def _bp(ppm: float) -> str:
    return f"{ppm / 100:.1f} bp"
