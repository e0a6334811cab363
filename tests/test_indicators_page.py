"""The page of indicators, its pictures and `agent indicators` are the table's."""

import pytest

from agent.cli.handlers.indicators import show_indicators
from docs import indicators
from domain.errors import BadInput
from reasoning import declare
from reasoning.indicators.table import INDICATORS


def test_the_page_is_the_table_s() -> None:
    assert indicators.PAGE.read_text(encoding="utf-8") == indicators.page(), "python -m docs.indicators"


def test_the_pictures_are_the_kernels_and_light() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in indicators.PICTURES.iterdir()}
    assert kept == indicators.pictures(), "python -m docs.indicators"
    assert sum(map(len, kept.values())) < 250_000


def test_indicators_are_listed_by_family_and_each_is_told_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    show_indicators(None, json=False)
    listed = capsys.readouterr().out
    for name, kind in INDICATORS.items():
        assert f"\n  {name}" in listed
        show_indicators(name, json=False)
        text = capsys.readouterr().out
        assert kind.title.replace("`", "") in text
        assert all(f"\n  {output}" in text for output in kind.outputs)
        assert "▁" in text


def test_the_example_of_each_can_be_declared(capsys: pytest.CaptureFixture[str]) -> None:
    for name, kind in INDICATORS.items():
        show_indicators(name, json=False)
        text = capsys.readouterr().out
        if "time" in kind.inputs:
            assert "which a strategy's decide is not handed" in text
        else:
            line = next(each for each in text.splitlines() if each.startswith("  strategy"))
            names = {name: getattr(declare, name)}
            assert eval(line.partition("= ")[2], names).kind is kind  # noqa: S307  # what was just printed


def test_an_indicator_there_is_not_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(BadInput, match=r"no indicator 'bolinger'; did you mean bollinger\?"):
        show_indicators("bolinger", json=False)
