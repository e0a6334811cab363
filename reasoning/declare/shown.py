"""The numbers of a declared strategy as they are shown and read: where they lie, and their words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reasoning.declare.layout import MemoryLayout
from reasoning.declare.uses import PRICES, Use
from reasoning.declare.writing import Bodies
from reasoning.kernels.indicators import Memory
from reasoning.kernels.informative import KNOWN
from reasoning.kernels.strategy import Indicator, NumberPlace


def places(bodies: Bodies) -> tuple[NumberPlace, ...]:
    """Return where the numbers that a leave reads lie."""
    layout = bodies.layout
    return tuple(
        NumberPlace(
            name,
            layout.place(name),
            layout.place(name, last=True) if name in layout.last else -1,
            layout.now.index(name),
        )
        for name in bodies.read
    )


def priced(layout: MemoryLayout) -> tuple[int, ...]:
    """Return where the kept numbers lie that are in ticks."""
    names = {
        *PRICES,
        *(f"{each.name}.{name}" for each in layout.series if not each.symbol for name in PRICES),
    }
    for use in layout.uses:
        pairs = zip(use.numbers, use.kind.outputs, strict=True)
        names.update(name for name, output in pairs if use.priced(output))
    now = [layout.place(name) for name in layout.now if name in names]
    return (*now, *(layout.place(name, last=True) for name in layout.last if name in names))


def plain_words(bodies: Bodies) -> Callable[[Memory], str]:
    """Return what tells the numbers of a candle, for a reason that is not given."""
    places = [(name, bodies.layout.place(name)) for name in bodies.layout.now]

    def plain_words(memory: Memory) -> str:
        return ", ".join(f"{name} {memory[index]:.6g}" for name, index in places) or "nothing to tell"

    return plain_words


def warming(label: str) -> Callable[[Memory, Any], str]:
    """Return what tells that a strategy warms up."""

    def warming(memory: Memory, packed: Any) -> str:
        return f"{_filled(label, packed)} warming up, {memory[0]:.0f} of {memory[1]:.0f} candles"

    return warming


def _filled(label: str, packed: Any) -> str:
    return label.format(**packed._asdict()) if "{" in label else label


def _known_at(layout: MemoryLayout, use: Use) -> int | None:
    """Return where it is counted for how long another symbol's numbers are known, None for one's own."""
    return layout.area(use.on) + KNOWN if use.on is not None and use.on.symbol else None


def drawn_of(
    bodies: Bodies, fields: Sequence[str], known: Mapping[str, Callable[..., int]]
) -> Callable[[Memory, Any], tuple[Indicator, ...]]:
    """Return what tells the numbers a strategy looks at, with the levels they are held against."""
    layout = bodies.layout
    lines = [
        (
            use,
            name,
            use.label or name.replace(".", " "),
            layout.place(name),
            _known_at(layout, use),
            use.kind.on_price and use.priced(output),
        )
        for use in layout.uses
        if use.draw
        for name, output in zip(use.numbers, use.kind.outputs, strict=True)
    ]

    def drawn(memory: Memory, packed: Any) -> tuple[Indicator, ...]:
        result = []
        for use, _, label, index, known_at, on_price in lines:
            if memory[0] > known[use.name](packed) and (known_at is None or memory[known_at] > 0.0):
                text = _filled(label, packed)
                result.append(Indicator(text, memory[index], on_price=on_price))
                result += [
                    Indicator(f"{text} {each.name}", packed[fields.index(each.name)], on_price=on_price)
                    for each in use.levels
                ]
        return tuple(result)

    return drawn
