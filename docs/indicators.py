"""Writes docs/reference/indicators.md and its pictures from the table of indicators and seeded candles."""

import random
from itertools import groupby
from pathlib import Path

from domain.times import HOUR_MS
from reasoning.indicators.kind import DEFAULTS, IndicatorKind
from reasoning.indicators.table import INDICATORS

FOLDER = Path(__file__).parent / "reference"
PAGE = FOLDER / "indicators.md"
PICTURES = FOLDER / "indicators"
COUNT, DRAWN, SEED = 420, 120, 5
WIDTH, HEIGHT = 480.0, 110.0
COLOURS = ("#1f77b4", "#d9822b", "#2a9d55", "#b5473c", "#7d5ba6", "#8a6d3b", "#c2589b")
HEAD = """# Indicators

Written from the code by `python -m docs.indicators`; `agent indicators` prints the same. Each is a kernel:
a step that takes in one candle at a constant cost, or at the cost of its window where it says so, and runs
as plain Python in the loop and as machine code in research, the same to the bit. A strategy declares them
by name ([your own strategy](../how-to/own-strategy.md)).

- **Oracle**: tests hold each against TA-Lib to 1e-9 of its scale, or against its formula written out over
  whole columns where TA-Lib has none or another rule.
- **Warm-up**: so many values return 0; the next is known. What waits for an event (a swing, a session) is 0
  until there is one.
- **Nothing drifts**: a window's value depends on the window alone, to the bit. Sums of whole numbers
  (ticks) are kept and exact; any other window is summed anew. Averages that never forget wholly (EMA,
  Wilder's) depend ever less on where history began.
- **A market at rest is neutral**: 50 on scales from 0 to 100, 0 elsewhere. Spreads that are only rounding
  count as none.
- **On a longer timeframe**: `ema(50, on="4h")` counts candles of four hours, closed ones only
  ([several timeframes](../how-to/own-strategy.md#several-timeframes)).
- Prices are in ticks in a strategy. Pictures: the last 120 of 420 seeded candles, the price in grey.
"""


def candles() -> dict[str, list[float]]:
    """Return seeded candles of an hour: stretches that rise, fall and rest."""
    dice = random.Random(SEED)  # noqa: S311  # a picture, no secret
    columns: dict[str, list[float]] = {
        name: [] for name in ("time", "open", "high", "low", "close", "volume")
    }
    close = 10_000.0
    for index in range(COUNT):
        opened, drift = close, (12.0, -14.0, 0.0, 9.0)[index // 35 % 4]
        close = float(round(opened + drift + dice.gauss(0.0, 45.0)))
        high = max(opened, close) + round(abs(dice.gauss(0.0, 25.0)))
        low = min(opened, close) - round(abs(dice.gauss(0.0, 25.0)))
        volume = round(20.0 + abs(close - opened) + dice.expovariate(0.05), 3)
        for name, value in zip(columns, (index * HOUR_MS, opened, high, low, close, volume), strict=True):
            columns[name].append(float(value))
    return columns


def outputs(kind: IndicatorKind, columns: dict[str, list[float]]) -> list[list[float]]:
    """Return each output of a kind at its defaults, over all candles."""
    memory = [0.0] * kind.size(*kind.defaults)
    inputs = [columns[DEFAULTS.get(name, name)] for name in kind.inputs]
    rows = [kind.step(memory, 0, *kind.defaults, *values) for values in zip(*inputs, strict=True)]
    lines = zip(*rows, strict=True) if isinstance(rows[0], tuple) else [rows]
    return [list(line) for line in lines]


def picture(kind: IndicatorKind, columns: dict[str, list[float]]) -> str:
    """Return a kind over the last candles as SVG; a line breaks where a late kind has none."""
    lines = [line[-DRAWN:] for line in outputs(kind, columns)]
    if kind.on_price:
        near = max(columns["high"][-DRAWN:]) * 0.5
        lines = [line for line in lines if max(line) > near]  # a direction is no price
    price = [columns["close"][-DRAWN:]] if kind.on_price else []
    known = [value for line in (*price, *lines) for value in line if value != 0.0 or not kind.on_price]
    low, span = min(known), (max(known) - min(known)) or 1.0

    def drawn(line: list[float], colour: str, width: str) -> str:
        path, pen = [], "M"
        for index, value in enumerate(line):
            if value == 0.0 and kind.on_price:
                pen = "M"
                continue
            x, y = (
                4.0 + index * (WIDTH - 8.0) / (DRAWN - 1),
                HEIGHT - 4.0 - (value - low) / span * (HEIGHT - 8.0),
            )
            path.append(f"{pen}{x:.0f} {y:.1f}")
            pen = "L"
        return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="{width}"/>'

    paths = [drawn(line, "#999", "1") for line in price]
    paths += [drawn(line, COLOURS[index % len(COLOURS)], "1.5") for index, line in enumerate(lines)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img">'
        f"<title>{kind.name}</title>{''.join(paths)}</svg>\n"
    )


def section(kind: IndicatorKind) -> str:
    """Return what the page says of a kind."""
    parameters = "; ".join(
        f"`{each.name}` = {each.default:g} ({each.low:g} to {each.high:g}), {each.meaning}"
        for each in kind.parameters
    )
    late = "; 0 after it too, where there is none yet" if kind.late else ""
    return "\n".join((
        f"### {kind.name}",
        "",
        kind.title,
        "",
        f"![{kind.name} over seeded candles](indicators/{kind.name}.svg)",
        "",
        f"- **Formula**: `{kind.formula}`",
        f"- **Parameters**: {parameters or 'none'}",
        f"- **Made of** {', '.join(kind.inputs)}; **tells** {', '.join(kind.outputs)}",
        f"- **Warm-up**: {kind.warmup(*kind.defaults)} values at its defaults{late}",
        f"- **Convention**: {kind.convention}",
        f"- **Source**: {kind.source}",
        "",
    ))  # fmt: skip  # a page, line by line


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for family, kinds in groupby(INDICATORS.values(), lambda kind: kind.family):
        parts += [f"## {family.capitalize()}\n", *(section(kind) for kind in kinds)]
    return "\n".join(parts)


def pictures() -> dict[str, str]:
    """Return every picture by its file's name."""
    columns = candles()
    return {f"{kind.name}.svg": picture(kind, columns) for kind in INDICATORS.values()}


def main() -> None:
    """Write the page and the pictures."""
    PICTURES.mkdir(exist_ok=True)
    for name, text in pictures().items():
        (PICTURES / name).write_text(text, encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
