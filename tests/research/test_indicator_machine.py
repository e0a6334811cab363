"""Every indicator as machine code gives the bits of plain Python, on every scene, at several parameters."""

from reasoning.indicators.table import INDICATORS
from tests.research.indicator_code import same_bits


def test_every_indicator_gives_the_same_bits_as_machine_code() -> None:
    same_bits(INDICATORS)
