"""Every option of every command, given what nobody can mean: a line that names it and says what to do."""

import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typer.core import TyperArgument

from agent import cli
from agent.cli.app import app
from agent.cli.group import MAY_BE_EMPTY, refuse_empty
from agent.cli.handlers.targets import writable, write_page
from agent.cli.output import streams
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from domain.complaints import KINDS, LIMITS, complaint
from domain.errors import BadInput
from research.engine.code_cache import cache_folder

NOT_OURS = re.compile(
    r"pydantic|validation error|Input should|Field required|Extra inputs|unable to parse|errors\.|type=|"
    r"input_value|Traceback|NoneType|object at 0x|None\b"
)
"""Words of a library, and of Python."""

BAD = ("/proc/no/such/place", "-1")
PLACES = ("--home", "--out", "--report", "--evidence-out", "--folder")
"""Options that name where something is to be written: any name is one."""

LONG_RUNNING = ("sandbox", "drill")
"""Commands that would go on for long where a value is taken; they are given only what they must refuse."""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, each in sorted(below.items()):
        yield from commands(each, (*path, name))


WHOLE: Any = typer.main.get_command(app)
"""The command line, built once."""

TREE = dict(commands(WHOLE))


def values(command: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield each option that takes a value, with the words that give all else the command needs."""
    needed = [each for each in command.params if each.required]
    for option in command.params:
        if getattr(option, "is_flag", False) or option.name in ("help", "install_completion"):
            continue
        words: list[str] = []
        for each in needed:
            if each is not option:
                words += ["x"] if isinstance(each, TyperArgument) else [each.opts[0], "x"]
        yield ("" if isinstance(option, TyperArgument) else option.opts[0]), words


CASES = [
    (path, option, words)
    for path, command in TREE.items()
    if path[0] not in LONG_RUNNING
    for option, words in values(command)
]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Return what runs a command in this process, in a folder and a home of its own: code and output."""
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("AGENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(cli, "app", WHOLE)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["agent", *words])
        code = cli._run()
        streams.GONE.clear()
        out, err = capfd.readouterr()
        return code, out + err

    return run


@pytest.mark.parametrize(
    ("path", "option", "words"), CASES, ids=lambda each: each if isinstance(each, str) else "-".join(each)
)
def test_no_bad_value_shows_a_library_and_no_command_makes_a_folder_for_it(
    path: tuple[str, ...], option: str, words: list[str], typed: Any, tmp_path: Path
) -> None:
    if path == ("run",):
        words = ["--provider", "simulated", "--speed", "max", "--cycles", "1", "--plain", *words]
    for bad in BAD[:1] if option in PLACES else BAD:
        given = [f"{option}={bad}"] if option else ["--", bad]
        code, told = typed(*path, *words, *given)
        assert code in (0, 1, 2), (given, told)
        assert not NOT_OURS.search(told), (given, told)
        assert code == 0 or "rror" in told or "fail" in told or "warn" in told, (given, told)
    assert list((tmp_path / "here").iterdir()) == [], "nothing is written where the command was typed"


def test_no_option_without_a_value_passes_for_one_that_is_not_given(typed: Any) -> None:
    walked = [(path, option) for path, option, _ in CASES if option and option not in MAY_BE_EMPTY]
    assert len(walked) > 200
    for path, option in walked:
        for given in ([option, ""], [f"{option}="]):
            with pytest.raises(BadInput, match=f"^{option}: no value stands behind it; give one, or leave"):
                refuse_empty(TREE[path].params, given)
    code, said = typed("flatten", "--reason", "enough", "--journal", "")
    assert (code, said.partition(";")[0]) == (2, "error: --journal: no value stands behind it")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reset-kill", "--reason", ""), "--reason is needed"),
        (("resume", "--reason", ""), "--reason is needed"),
        (("close", "BTC-USDT", "--share", "0"), "must be above 0"),
        (("close", "BTC-USDT", "--share", "150%"), "at most 100%"),
        (("close", "BTC-USDT", "--share", "half"), "--share 'half'"),
        (("close", "BTC-USDT", "--share", "nan"), "must be above 0"),
        (("sandbox", "--port", "99999"), "Invalid value for '--port': 99999 must be at most 65535"),
        (("sandbox", "--commission", "5"), "--commission 5 is a share of what is traded and must be below 1"),
        (("run", "--config", "."), "--config .: that is a folder; name a file in it, such as config.toml"),
        (("run", "--symbol", "BTC-USTD"), "BTC-USTD: USTD is no known quote, USDT is; for a new one add"),
        (("why", "soon"), "Invalid value for 'cycle': soon must be a whole number"),
        (("journal", "tail", "-n", "0"), "0 must be at least 1"),
        (("run", "--symbol", "btc"), "btc is not a symbol such as BTC-USDT or MSFT"),
        (("run", "--mode", "lively"), "mode = lively: must be 'paper', 'quicktest', 'testnet' or 'live'"),
        (
            ("backtest", "--data", "x.csv", "--report", "/no/x.html"),
            "--report /no/x.html: there is no folder /no",
        ),
        (("backtest", "--data", "x.csv", "--report", "."), "--report .: that is a folder; name a file in it"),
        (
            ("walk-forward", "--evidence-out", "/no/e.json"),
            "--evidence-out /no/e.json: there is no folder /no",
        ),
        (("optimize", "--evidence-out", "/no/e.json"), "--evidence-out /no/e.json: there is no folder /no"),
        (
            ("config", "init", "--out", "/no/c.toml"),
            "--out /no/c.toml: there is no folder /no; make it first",
        ),
        (("report", "--out", "/no/x.html"), "no journal in"),
    ],
)
def test_the_line_says_what_is_wrong_and_what_to_do(
    typed: Any, words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    code, told = typed(*words)
    assert (code, said in told) == (2, True), told
    assert not (tmp_path / "home").exists(), "no folder is made for what is refused"


@pytest.mark.parametrize(
    "words", [("doctor",), ("status",), ("data", "list"), ("journal", "list"), ("strategy", "list")]
)
def test_who_only_looks_makes_no_home(typed: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    typed(*words)
    assert not (tmp_path / "home").exists()


def test_a_configuration_is_printed_where_it_is_asked_for(typed: Any, tmp_path: Path) -> None:
    code, told = typed("config", "init", "--out", "-")
    assert code == 0
    assert "# max_positions = 3" in told
    assert list((tmp_path / "here").iterdir()) == []


def test_an_account_of_another_quote_says_how_to_go_on(typed: Any) -> None:
    run = (
        "run",
        "--cycles",
        "1",
        "--interval",
        "0",
        "--provider",
        "simulated",
        "--speed",
        "max",
        "--journal",
        "one",
    )
    assert typed(*run, "--symbol", "BTC-USDT")[0] == 0
    code, told = typed(*run, "--symbol", "BTC-EUR")
    assert code == 2
    assert "BTC-EUR is quoted in EUR, this journal counts in USDT" in told
    assert "--journal NAME, or put this one aside with --fresh" in told
    assert typed(*run, "--symbol", "BTC-EUR", "--fresh")[0] == 0


def test_machine_code_that_can_be_kept_nowhere_says_which_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_KERNEL_CACHE", "/proc/no")
    monkeypatch.setattr("research.engine.code_cache.digest", lambda: "0" * 16)
    with pytest.raises(BadInput, match=r"cannot be kept in /proc/no: .*; set AGENT_KERNEL_CACHE to a folder"):
        cache_folder()


def test_a_page_goes_to_a_device_as_it_is_and_to_a_file_whole(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    for _ in range(2):
        write_page("--out", writable("--out", file), "text")
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    null = Path("/dev/null")
    write_page("--out", writable("--out", null), "text")
    assert null.is_char_device(), "a device is written to, not replaced"


class Every(BaseModel):
    whole: int = Field(0, ge=1, le=3)
    above: float = Field(1.0, gt=0, lt=2)
    flag: bool = True
    text: str = Field("abc", min_length=2, max_length=3, pattern="^a")
    one: Literal["a", "b"] = "a"
    many: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    exact: Decimal = Field(Decimal(1), max_digits=4, decimal_places=2)
    table: dict[str, int] = {}
    path: Path = Path()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("whole", 0, "must be at least 1"),
        ("whole", 4, "must be at most 3"),
        ("whole", "x", "must be a whole number"),
        ("whole", 1.5, "must be a whole number"),
        ("whole", None, "must be a whole number"),
        ("above", 0, "must be above 0"),
        ("above", 2, "must be below 2"),
        ("above", "x", "must be a number"),
        ("flag", "x", "must be true or false"),
        ("text", 1, "must be a text"),
        ("text", "a", "must have at least 2 characters"),
        ("text", "abcd", "must have at most 3 characters"),
        ("text", "bcd", "must be made as ^a says"),
        ("one", "c", "must be 'a' or 'b'"),
        ("many", 5, "must be a list"),
        ("many", (), "must have at least 1 entries"),
        ("exact", "1.234", "must have at most 2 decimals"),
        ("exact", "x", "must be a number"),
        ("table", 1, "must be a table of names and values"),
        ("path", 1, "must be a path"),
    ],
)
def test_each_kind_of_error_is_said_in_our_own_words(field: str, value: object, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Every).validate_python({field: value})
    (error,) = caught.value.errors()
    assert complaint(error) == said


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, f"{path}{name}.")
        else:
            yield f"{path}{name}"


def refusal(tree: dict[str, Any]) -> str:
    """Return why settings are refused, "" where they are not."""
    try:
        load(tree)
    except BadSettings as error:
        return str(error)
    return ""


@pytest.mark.parametrize("bad", ["x y", "-1"])
def test_no_setting_is_refused_in_words_of_a_library(
    bad: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    refused = 0
    for setting in leaves(Options):
        tree: dict[str, Any] = {}
        branch = tree
        *above, last = setting.split(".")
        for part in above:
            branch = branch.setdefault(part, {})
        branch[last] = bad
        told = refusal(tree)
        refused += bool(told)
        assert not NOT_OURS.search(told), (setting, told)
    assert refused > 50
    assert set(LIMITS).isdisjoint(begin for begin, _ in KINDS)
