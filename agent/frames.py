"""Results of research as frames: of a backtest, of parameters tried out, of a walk-forward."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from agent.verify.drawn import drawn_over
from domain.symbols import spelled
from research.data.candles import Candles
from research.engine.backtest import Setup
from research.engine.result import Result
from research.search.walk_forward import WalkForward
from research.statistics.metrics import metrics
from research.statistics.scoring import Score
from risk.table import NOTHING_TO_REDUCE, RULES

FIRST = (
    ("return", "total_return", ".2%"),
    ("Sharpe", "sharpe", ".2f"),
    ("drawdown", "max_drawdown", ".2%"),
)
"""The figures that are looked at first: their words, names and forms."""


class Picture:
    """A page with charts: a notebook shows it, `save` writes it to a file."""

    def __init__(self, html: str) -> None:
        self.html = html

    def __repr__(self) -> str:
        """Return what it is where nothing draws it."""
        return "a page with charts: a notebook shows it, save(path) writes it"

    def _repr_html_(self) -> str:
        quoted = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{quoted}" style="width: 100%; height: 900px; border: 0"></iframe>'

    def save(self, path: str | Path) -> Path:
        """Write the page; it is whole in itself."""
        Path(path).write_text(self.html, encoding="utf-8")
        return Path(path)


class Backtest(NamedTuple):
    """The result of a backtest as data frames.

    `equity` has time and equity of each cycle, `trades` a row for each closed trade, `vetoes` one for each
    denied decision; amounts in the quote currency as floats, times in UTC. `figures` are those of the report
    by name, None where the data do not define one; `stopped` says since when nothing could be bought, ""
    where something could; `notes` what is to be known of data and settings. `result` is exact, in cash units.
    """

    equity: pl.DataFrame
    trades: pl.DataFrame
    vetoes: pl.DataFrame
    figures: dict[str, float | int | None]
    stopped: str
    notes: list[str]
    result: Result
    setup: Setup
    candles: Sequence[Candles]

    def __repr__(self) -> str:
        """Return it in a line, as a cell that ends with it shows it."""
        ends = f"; {self.stopped}" if self.stopped else ""
        return f"Backtest of {len(self.trades)} closed trades, {_told(self.figures)}{ends}{_parts(Backtest)}"

    def indicators(self, symbol: str | None = None) -> pl.DataFrame:
        """Return what every voice looks at, a row for each candle; prices in the quote currency.

        Of the first symbol if none is named; null until known. Raises BadInput for a symbol it has not.
        """
        return drawn_over(self.candles, self.setup, None if symbol is None else spelled(symbol))

    def plot(self) -> Picture:
        """Return the report's page: equity beside buy and hold, drawdown, months, trades."""
        from agent.settings.version import code_version  # noqa: PLC0415  # only where asked
        from research.data.flaws import flaw_lines, flaws  # noqa: PLC0415  # as above
        from research.report.page import Report, html_report  # noqa: PLC0415  # as above

        known = [f"{each.symbol}: {line}" for each in self.candles for line in flaw_lines(flaws(each))]
        return Picture(
            html_report(
                Report(
                    result=self.result,
                    metrics=metrics(self.result, self.candles),
                    candles=tuple(self.candles),
                    instruments=self.setup.instruments,
                    parameters=self.result.parameters,
                    flaws=tuple(known),
                    code_version=code_version(),
                    command="agent.backtest(...)",
                    stopped=self.stopped,
                )
            )
        )


class Swept(NamedTuple):
    """Parameters tried out: `trials` has a row for each, its parameters and figures, the best Sharpe first.

    `best` are its parameters. All were tried on the same candles, so the best is flattered: walk forward.
    """

    trials: pl.DataFrame
    best: dict[str, Any]
    notes: list[str]

    def __repr__(self) -> str:
        """Return it in a line, as a cell that ends with it shows it."""
        best = ", ".join(f"{name} {value}" for name, value in self.best.items())
        return f"Swept, {len(self.trials)} trials, the best {best}{_parts(Swept)}"


class WalkedForward(NamedTuple):
    """A walk-forward: `windows` with what was chosen and both sides' figures, `equity` of the unseen time.

    `figures` are those of the unseen time; `result` is all of it.
    """

    windows: pl.DataFrame
    equity: pl.DataFrame
    figures: dict[str, float | None]
    notes: list[str]
    result: WalkForward

    def __repr__(self) -> str:
        """Return it in a line, as a cell that ends with it shows it."""
        return (
            f"WalkedForward, {len(self.windows)} windows, unseen {_told(self.figures)}{_parts(WalkedForward)}"
        )


def _told(figures: Mapping[str, float | int | None]) -> str:
    """Return the figures that are looked at first; n/a for what the data do not define."""
    values = ((word, figures.get(name), form) for word, name, form in FIRST)
    return ", ".join(
        f"{word} {'n/a' if value is None else format(value, form)}" for word, value, form in values
    )


def _parts(kind: Any) -> str:
    """Return what else there is to ask a result for."""
    own = [name for name, each in vars(kind).items() if callable(each) and not name.startswith("_")]
    return f" ({', '.join([*kind._fields, *(f'{name}()' for name in own)])})"


def figures_of(score: Score) -> dict[str, float | None]:
    """Return a trial's figures by name, None where the data do not define one."""
    known = score._asdict()
    del known["cash"]  # in cash units
    return {name: value if isfinite(value) else None for name, value in known.items()}


def times_of(column: Any) -> pl.Series:
    """Return a column of milliseconds as times in UTC."""
    return pl.Series(column).cast(pl.Datetime("ms", "UTC"))


def equity_of(result: Result) -> pl.DataFrame:
    """Return time and equity of each cycle."""
    return pl.DataFrame({"time": times_of(result.times_ms), "equity": result.equity / result.cash_scale})


def trades_of(result: Result, quantities: Mapping[str, float]) -> pl.DataFrame:
    """Return a row for each closed trade; `quantities` are the lots' sizes by symbol."""
    rows = result.trades
    symbols = [result.symbols[index] for index in rows["symbol"].tolist()]
    lots = zip(rows["lots"].tolist(), symbols, strict=True)
    money = ("bought", "sold", "gross", "fees", "slippage", "pnl")
    return pl.DataFrame(
        {
            "symbol": pl.Series(symbols, dtype=pl.String),
            "opened": times_of(rows["opened_ms"]),
            "closed": times_of(rows["closed_ms"]),
            "entry_cycle": rows["entry_cycle"],
            "quantity": pl.Series([count * quantities[symbol] for count, symbol in lots], dtype=pl.Float64),
            **{name: rows[name] / result.cash_scale for name in money},
            "exit": pl.Series([result.endings[index] for index in rows["ending"].tolist()], dtype=pl.String),
        }
    )


def vetoes_of(result: Result) -> pl.DataFrame:
    """Return a row for each denied decision."""
    rows, names = result.vetoes, [NOTHING_TO_REDUCE.reason, *(rule.reason for rule in RULES)]
    return pl.DataFrame(
        {
            "time": times_of(rows["at_ms"]),
            "cycle": rows["cycle"],
            "symbol": pl.Series(
                [result.symbols[index] for index in rows["symbol"].tolist()], dtype=pl.String
            ),
            "rule": pl.Series([names[code] for code in rows["rule"].tolist()], dtype=pl.String),
        }
    )
