"""What is written as TOML reads back as it was, whatever is in it."""

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cli.handlers.config import toml

TEXTS = st.text(max_size=20)  # no lone surrogates unless asked for
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_a_value_written_as_toml_reads_back(value: Any) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


def test_a_line_end_a_quote_and_a_bell_in_a_text_stay_inside_it() -> None:
    text = 'a\n"b"\\\t\x07\x7f[risk]\nmax_positions = 9'
    assert tomllib.loads(f"x = {toml(text)}") == {"x": text}
