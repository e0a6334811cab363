"""Candle files of shares whose prices were not adjusted for splits: the loop would trade on them."""

from itertools import pairwise
from pathlib import Path

from domain.errors import BadInput
from domain.times import utc
from perception.files.candles import read_candles
from perception.files.layout import Reading
from perception.quality.splits import looks_split


def refuse_splits(path: Path, reading: Reading) -> None:
    """Raise BadInput for a share's candles that jump as a split does: a loss or a gain that nobody had."""
    for before, after in pairwise(read_candles(path, reading)):
        split = looks_split(before.close, after.open)
        if split is not None:
            day = utc(after.time)
            raise BadInput(
                f"{path}: {day:%Y-%m-%d} opens at {after.open:g} after {before.close:g}, which looks like a "
                f"{split} split; adjust it first: agent data import {path.name} --splits "
                f"{day:%Y%m%d}={split.factor:g}, and run on the file in the catalogue"
            )
