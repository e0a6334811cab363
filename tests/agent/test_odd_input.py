"""Whatever is typed, or lies where a file should, is told in a line: no traceback, no control character."""

import gc
import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from agent import cli
from agent.cli.output import streams
from agent.host.shown import escaped_json, shown, shown_json
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from tests.agent.command import agent

HOSTILE = "\x1b]0;title\x07\x1b[2Jred\r\nflat  \u202egnp.\x7f\x9b31m\u2066\u200b\u2028\ufeff\U000e0041"
ODD = (
    "", "x" * 300, "x" * 5000, HOSTILE, "../x", ".", "-", "\udcff", "9" * 10_000, "1e999", "nan", "-1", "[",
    "~nobody/x", "/proc/self/mem", "/dev/null", "%s", "a\nb", "1_0", "\u0661", "/dev/null/x", sys.executable,
)  # fmt: skip
RUN = ("run", "--cycles", "1", "--provider", "simulated", "--speed", "max", "--plain")
FILES = ("run", "--cycles", "1", "--provider", "recorded", "--speed", "max", "--plain")
OPTIONS = [
    (("status",), "--home"), (("status",), "--journal"), (("why",), "--journal"), (("why",), None),
    (("journal", "tail"), "-n"), (("journal", "verify"), "--anchor"), (("replay",), "--session"),
    (("kill", "--reason", "x"), "--journal"), (("kill",), "--reason"), (("config", "show"), "--config"),
    (RUN, "--journal"), (RUN, "--home"), (RUN, "--config"), (RUN, "--timeframe"), (RUN, "--provider"),
    (RUN, "--account"), (RUN, "--db-url"), (RUN, "--db-url-file"), (RUN, "--base-url"), (RUN, "--interval"),
    (RUN, "--symbol"), (RUN, "--mode"), (RUN, "--cycles"), (RUN, "--speed"), (FILES, "--data"),
    (("data", "check"), None), (("strategy", "new"), None),
]  # fmt: skip


OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Kinds of characters that a terminal or an eye obeys: controls, marks of direction, line ends."""


def only_shows(text: str) -> bool:
    return all(letter == "\n" or unicodedata.category(letter) not in OBEYED for letter in text)


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_an_odd_text_is_refused_in_a_line(
    words: tuple[str, ...],
    option: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("AGENT_HOME", str(home))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for odd in ODD:
        if option is None:
            given = ["--", odd]
        else:
            given = [f"{option}={odd}"] if option.startswith("--") else [option, odd]
        monkeypatch.setattr(sys, "argv", ["agent", *words, *given])
        code = cli._run()  # raises what would be a traceback
        streams.GONE.clear()
        out, err = capfd.readouterr()
        assert code in (0, 1, 2), odd
        assert len(out + err) < 15_000, odd[:20]
        assert only_shows(out + err), (odd, out, err)


def in_the_place_of(path: Path, thing: str) -> None:
    """Put something else where a file should be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if thing == "a folder":
        path.mkdir()
    elif thing == "binary":
        path.write_bytes(bytes(range(256)) * 20)
    else:
        path.symlink_to("/dev/null/x")


@pytest.mark.parametrize("thing", ["a folder", "binary", "nothing to reach"])
@pytest.mark.parametrize(
    "place",
    ["config.toml", "agent.log", "journals/.latest", "journals/paper.db", "journals/paper.lock", "journals"],
)
def test_something_else_in_the_place_of_a_file_is_told_in_a_line(
    thing: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path / "home"))
    in_the_place_of(tmp_path / "home" / place, thing)
    for words in ((*RUN, "--journal", "paper"), ("status",), ("kill", "--reason", "x"), ("config", "show")):
        monkeypatch.setattr(sys, "argv", ["agent", *words])
        code = cli._run()
        out, err = capfd.readouterr()
        assert code in (0, 1, 2)
        assert code == 0 or err.startswith("error: "), (words, err)
        assert only_shows(out + err)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5_000 + "]" * 5_000, "a" + ".a" * 5_000 + " = 1", "cycles = " + "9" * 10_000,
     "strategies_folder = [1]", "[exchange]\napi_key = [[[[1]]]]", "exchange = 1979-05-27",
     "symbols = [nan, inf]",
     "interval_seconds = 1e400", 'mode = "\\u202e"', '"\\u001b" = 1'],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_a_configuration_nobody_means_is_told_in_a_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text(text)
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    gc.collect()  # what other tests left is not collected at the recursion limit, where its finalizers fail
    monkeypatch.setattr(sys, "argv", ["agent", *RUN])
    code = cli._run()
    said = capfd.readouterr().err
    assert code == 2
    assert said.startswith("error: ")
    assert len(said) < 1_000
    assert only_shows(said)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
SECTIONS = {
    name: list(field.annotation.model_fields)
    for name, field in Options.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
}
NAMES = st.sampled_from([(name,) for name in Options.model_fields if name != "home"]) | st.sampled_from(
    [(section, name) for section, names in SECTIONS.items() for name in names]
)


@settings(max_examples=60)
@given(NAMES, VALUES)
def test_whatever_a_setting_is_given_it_is_taken_or_refused_in_a_line(
    name: tuple[str, ...], value: Any
) -> None:
    for part in reversed(name[1:]):
        value = {part: value}
    try:
        settings = load({"home": Path("/nowhere"), name[0]: value})
    except BadSettings as error:
        for line in error.problems:
            assert only_shows(line.replace("\n", "\r"))
            assert len(line) < 1_000
    else:
        msgspec.json.encode(settings.public())  # as the journal keeps them


@given(st.text())
def test_what_is_shown_only_shows_and_json_reads_back_the_same(text: str) -> None:
    assert only_shows(shown(text).replace("\n", "\r"))
    assert only_shows(shown_json([text, {text: 1}]))
    whole = text.encode("utf-8", "replace").decode()
    assert msgspec.json.decode(escaped_json(msgspec.json.encode(whole).decode())) == whole
    assert json.loads(shown_json(whole)) == whole
    if text.isprintable():
        assert shown(text) == text


def test_hostile_text_of_others_only_shows_wherever_it_is_printed(tmp_path: Path) -> None:
    agent(tmp_path, *RUN)
    agent(tmp_path, "kill", "--reason", HOSTILE)
    for words in (
        ("status", "--json"), ("journal", "tail"), ("journal", "tail", "--json"),
        ("kill", "--reason", HOSTILE),
    ):  # fmt: skip
        done = agent(tmp_path, *words, check=None)
        assert only_shows(done.stdout + done.stderr), words
        assert "\nflat" not in done.stdout
    shown_to_a_person = agent(tmp_path, "status").stdout
    assert "kill      \\x1b]0;title\\x07" in shown_to_a_person
