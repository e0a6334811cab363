"""Two indicators as machine code give the bits of plain Python; all of them in test_indicator_machine.py."""

from tests.research.indicator_code import same_bits


def test_two_indicators_give_the_same_bits_as_machine_code() -> None:
    same_bits(("bollinger", "sar"))
