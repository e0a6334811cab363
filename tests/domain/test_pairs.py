"""The reason for which a candidate is off its list names filter, measurement and limit."""

import pytest

from domain.pairs import NO_LIST, OffList


@pytest.mark.parametrize(
    ("off", "measured", "limit"),
    [
        (
            OffList("volume", 1200.5, 5000.0, "USDT in 24 h", least=True),
            "volume 1200.5 USDT in 24 h",
            "at least 5000",
        ),
        (OffList("place by volume", 4, 3), "place by volume 4", "at most 3"),
        (OffList("volume", 12_345_678_901.9, 1e14, "USDT", least=True),
         "volume 12345678902 USDT", "at least 100000000000000"),
        (OffList("spread", None, 5.0, "bp", note="not known"), "spread: not known", "at most 5"),
        (OffList("list"), "list", "listed"),
        (NO_LIST, "no list: no pair list has been made of it yet", "listed"),
    ],
)  # fmt: skip  # as they read
def test_a_reason_can_be_read(off: OffList, measured: str, limit: str) -> None:
    assert (off.measured_text, off.limit_text) == (measured, limit)
