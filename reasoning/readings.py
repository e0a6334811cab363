"""Readings of a symbol's memory, which change nothing: what voices look at, tell and leave a position by."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from copy import copy

from domain.decision import Voice
from domain.instrument import Instrument
from reasoning.kernels.strategy import QUIET, Indicator
from reasoning.memories import SymbolMemory
from reasoning.own import RAISES, StandIn
from reasoning.remembered import ReadNumbers
from reasoning.telling import told

CANDLE = frozenset({"open", "high", "low", "close", "volume"})
"""Numbers that every voice has, and that need none."""


def indicators(memory: SymbolMemory) -> Iterator[tuple[str, tuple[Indicator, ...]]]:
    """Yield each voice that is heard, with the numbers it looks at."""
    for (strategy, packed), block in zip(memory.speakers, memory.blocks, strict=True):
        if strategy.name not in memory.muted:
            yield strategy.name, strategy.drawn(block, packed)


def reasons(
    memory: SymbolMemory, voices: Sequence[Voice], instrument: Instrument
) -> Iterator[tuple[str, str]]:
    """Yield the voices that told prices of the last candle in ticks, each with its words in the quote."""
    by_name = {each.name: each for each in voices}
    for (strategy, packed), block in zip(memory.speakers, memory.blocks, strict=True):
        voice = by_name.get(strategy.name)
        if voice is None or strategy.name in memory.muted or memory.candle is None:
            continue
        with suppress(*RAISES):  # told as recorded
            # The loop may take in the next candle meanwhile: words and their check are of one copy.
            kept = block[:] if type(block) is list else copy(block)
            close = float(memory.candle.close)
            signal = strategy.say(kept, packed, voice.vote, close, memory.latest) if voice.vote else QUIET
            same = strategy.words(kept, packed, signal) == voice.reason
            text = told(strategy, kept, packed, signal, instrument) if same else None
            if text is not None:
                yield strategy.name, text


def numbers(memory: SymbolMemory, voice: str, names: Sequence[str]) -> ReadNumbers:  # noqa: PLR0911  # each says why not
    """Return numbers of a voice by their names; why not, where they are not to be had."""
    if not names:
        return ReadNumbers(())
    if all(name in CANDLE for name in names):
        if len(memory.recent) < 2:
            return ReadNumbers((), "a second candle is waited for", waits=True)
        before, now = memory.recent[-2], memory.recent[-1]
        return ReadNumbers(tuple(float(getattr(each, name)) for name in names for each in (before, now)))
    index = next((at for at, each in enumerate(memory.speakers) if each.strategy.name == voice), None)
    fault = memory.muted.get(voice)
    if index is None:
        return ReadNumbers((), f"strategy {voice} is not among those that speak")
    if isinstance(memory.speakers[index].strategy, StandIn):
        return ReadNumbers((), f"strategy {voice} cannot be loaded", unrun=True)
    if fault is not None:
        return ReadNumbers((), f"{voice} is muted: {fault}")
    places = {each.name: each for each in memory.speakers[index].strategy.places}
    missing = [name for name in names if name not in places]
    if missing:
        return ReadNumbers((), f"{voice} has no {', '.join(missing)} any more: its file was changed")
    block = memory.blocks[index]
    if block[0] < block[1] or memory.candle is None:
        why = f"{voice} warms up, {block[0]:.0f} of {block[1]:.0f} candles"
        return ReadNumbers((), why, waits=True)
    wanted = (places[name] for name in names)
    both = (at for each in wanted for at in (each.last, each.now))
    return ReadNumbers(tuple(block[at] if at >= 0 else 0.0 for at in both))
