"""The work of `agent indicators`."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from agent.answers.indicators import IndicatorParameter, IndicatorRow
from agent.cli.output.sparkline import sparkline
from agent.cli.output.streams import answer
from agent.verify.quicktest import FIXTURE
from domain.candle import RawCandle
from domain.errors import BadInput
from perception.files.candles import read_candles
from reasoning.declare.refusal import near
from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.indicators.table import INDICATORS

WIDTH = 100
TICK = 0.01


def show_indicators(name: str | None, *, json: bool) -> None:
    """Print every indicator, or one in full. Raises BadInput for a name there is not."""
    if name is None:
        answer([row(kind) for kind in INDICATORS.values()], _listed, json=json)
        return
    if name not in INDICATORS:
        raise BadInput(f"there is no indicator {name!r}; {near(name, INDICATORS)}")
    answer([row(INDICATORS[name])], _in_full, json=json)


def row(kind: IndicatorKind) -> IndicatorRow:
    """Return a kind as it is told."""
    return IndicatorRow(
        name=kind.name,
        family=kind.family,
        title=kind.title.replace("`", ""),
        formula=kind.formula,
        parameters=[
            IndicatorParameter(
                name=each.name,
                type=each.kind.__name__,
                default=each.default,
                low=each.low,
                high=each.high,
                meaning=each.meaning,
            )
            for each in kind.parameters
        ],
        inputs=list(kind.inputs),
        outputs=list(kind.outputs),
        on_price=kind.on_price,
        warmup=kind.warmup(*kind.defaults),
        late=kind.late,
        convention=kind.convention,
        source=kind.source,
        example=example(kind),
    )


def example(kind: IndicatorKind) -> str:
    """Return the line that declares it in a strategy; empty for one made of time, which none is handed."""
    if "time" in kind.inputs:
        return ""
    return f"line = {kind.name}({', '.join(f'{each:g}' for each in kind.defaults)})"


def stepped(kind: IndicatorKind, candles: Sequence[RawCandle]) -> list[tuple[float, ...]]:
    """Return the outputs of a kind at its defaults, candle by candle, prices in ticks."""
    memory = [0.0] * kind.size(*kind.defaults)
    rows = []
    for candle in candles:
        ticks = {
            name: float(round(getattr(candle, name) / TICK)) for name in ("open", "high", "low", "close")
        }
        columns = {**ticks, "time": float(candle.time), "volume": candle.volume}
        value = kind.step(
            memory, 0, *kind.defaults, *(columns[DEFAULTS.get(each, each)] for each in kind.inputs)
        )
        rows.append(tuple(value) if isinstance(value, tuple) else (value,))
    return rows


def _listed(rows: list[IndicatorRow]) -> Iterator[str]:
    for family, kinds in groupby(rows, lambda each: each.family):
        yield family
        for each in kinds:
            given = ", ".join(f"{parameter.name} {parameter.default:g}" for parameter in each.parameters)
            yield f"  {each.name + (f'({given})' if given else ''):<44} {each.title}"
    yield "one in full: agent indicators NAME"


def _in_full(rows: list[IndicatorRow]) -> Iterator[str]:
    (each,) = rows
    yield f"{each.name}  ({each.family})"
    yield each.title
    yield from _worded("formula", each.formula)
    for parameter in each.parameters:
        limits = f"{parameter.type}, {parameter.low:g} to {parameter.high:g}"
        yield f"  {parameter.name} = {parameter.default:g}    {limits}: {parameter.meaning}"
    yield f"  made of    {', '.join(each.inputs)}"
    yield f"  tells      {', '.join(each.outputs)}{' (on the price)' if each.on_price else ''}"
    none = "; 0 after it too, where there is none yet" if each.late else ""
    yield f"  warm-up    {each.warmup} values{none}"
    yield from _worded("convention", each.convention)
    yield from _worded("source", each.source)
    if each.example:
        yield f"  strategy   {each.example}"
    else:
        yield "  strategy   needs the time of a candle, which a strategy's decide is not handed"
    candles = list(read_candles(FIXTURE))
    warmup = each.warmup
    for name, values in zip(
        each.outputs, zip(*stepped(INDICATORS[each.name], candles), strict=True), strict=True
    ):
        yield f"  {name:<12} {sparkline(values[warmup:], 60)}"


def _worded(word: str, text: str) -> Iterator[str]:
    for index, line in enumerate(wrap(text, WIDTH - 13)):
        yield f"  {word if index == 0 else '':<10} {line}"
