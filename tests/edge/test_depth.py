"""Whatever JSON is read is refused where it is nested deep, before a parser sees it, at every place there is.

At Python's recursion limit a decoder raises what nobody's clear words are for, and garbage that is collected
there cannot be finalized. The places are found by reading: a file that parses JSON stands in a table below.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from edge.typed_json import reader, typed
from tests.edge.deep import DEEP, LISTS, PLACES, REFUSALS
from tests.shared import ROOT
from tests.test_architecture import packages

OURS = {
    **dict.fromkeys(
        ("agent/drill/bare.py", "agent/drill/case.py", "agent/drill/processes.py"), "the drill's own"
    ),
    **dict.fromkeys(("agent/drill/facts.py", "agent/jobs/child.py"), "a parent's words to its child"),
    **dict.fromkeys(("agent/mcp/working.py", "agent/serve/work/candles.py"), "an answer of our own command"),
    "agent/account/remembered.py": "read after its digest",
    "agent/alerts/rows.py": "a row that the journal's codec has read",
    "agent/backup/source.py": "the journal's rows, as an agent tells them to its own user",
    "agent/notices/channels.py": "a column of our own database",
    "agent/serve/fleet/link.py": "the journal's rows, as an agent tells them to its own user",
    **dict.fromkeys(
        (f"agent/serve/mirror/{name}.py" for name in ("foreseen", "pages")), "a cache of read rows"
    ),
    "agent/serve/mirror/chart.py": "a cache of read rows, of texts and numbers",
    "agent/serve/stream/serving.py": "a row of the mirror",
    "platforms/sandbox/model/replies.py": "an answer of the sandbox's own script",
    "platforms/sandbox/server/app.py": "a refusal that the sandbox has just written",
    "platforms/sandbox/requests/parameters.py": "a list that was held against its form before",
}
"""What is guarded though nobody from outside writes it, and who does."""

ELSEWHERE = {
    "advice/answer.py": "advice/test_answer.py",
    "agent/account/control.py": "agent/test_control.py",
    "agent/serve/guard/bodies.py": "serve/test_steer.py",
    "domain/model.py": "domain/test_model.py",
    "journal/codec.py": "journal/test_codec.py",
    "perception/providers/binance.py": "edge/test_strict_json.py",
    "perception/stream/messages.py": "perception/test_stream_messages.py",
    "platforms/binance/client.py": "platforms/binance/test_answers_hostile.py",
    "platforms/binance/user_data.py": "platforms/binance/test_user_data.py",
}
"""Places whose own tests try it, by the file of tests."""

FLAT = {
    "perception/files/foreign.py": "list[Cell]",
    "perception/files/cells.py": "list[list[Cell]]",
    "research/data/fast.py": "list[tuple[int, float, float, float, float, float]]",
    "agent/serve/mirror/chart.py": "list[tuple[str, bool, float]]",
    "domain/model.py": "Model",
    "domain/slippage.py": "SlippageModel",
    "journal/codec.py": "Event",
}
"""Kinds that are decoded without the guard: what is too deep for them is refused at its first wrong bracket,
or its RecursionError is caught beside them: in domain, which may import no edge, and in the journal, which
reads millions."""

PARSERS = {"json.loads", "json.load", "json.JSONDecoder", "msgspec.json.decode", "msgspec.json.Decoder"}
METHODS = {"json", "raw_decode", "model_validate_json", "validate_json", "from_json", "read_json"}
OTHERS = {"json", "msgspec.json", "orjson", "simplejson", "ujson", "rapidjson", "ijson", "yaml"}
"""Modules from which no parser is imported by its bare name, for nobody would see that it is one."""
GUARDED = {"shallow", "parse", "decode", "typed", "reader"}
GUARDS = ("edge.strict_json", "edge.typed_json")


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in sorted(packages()):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def guarded(tree: ast.Module) -> bool:
    """Say whether a module takes a guarded way of reading JSON."""
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    names = {name.name for each in imports if each.module in GUARDS for name in each.names}
    whole = {name.name for each in imports if each.module == "edge" for name in each.names}
    return bool(names & GUARDED or "strict_json" in whole)


def bare(tree: ast.Module) -> Iterator[str]:
    """Yield the kinds a module decodes, or the texts it parses, without the guard."""
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom) and each.module in OTHERS:
            yield f"from {each.module}"
        if isinstance(each, ast.Import):
            yield from {name.name for name in each.names} & (OTHERS - {"json", "msgspec.json"})
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and parses(each.func):
            first = each.args[0] if each.args else each.func
            if not (isinstance(first, ast.Call) and ast.unparse(first.func) == "shallow"):
                kinds = [key.value for key in each.keywords if key.arg == "type"]
                yield ast.unparse([*kinds, first][0])


def parses(called: ast.Attribute) -> bool:
    name = ast.unparse(called)
    return name in PARSERS or (called.attr in METHODS and not name.startswith("msgspec."))


def test_every_place_that_reads_json_is_guarded_and_tried() -> None:
    places, unguarded = set(), {}
    for path, tree in sources():
        if path.removesuffix(".py").replace("/", ".") in GUARDS:
            continue
        if kinds := list(bare(tree)):
            unguarded[path] = ", ".join(kinds)
        if kinds or guarded(tree):
            places.add(path)
    assert unguarded == FLAT, "read it with edge.strict_json or edge.typed_json"
    assert places == OURS.keys() | ELSEWHERE.keys() | PLACES.keys(), "say below who tries it"
    for path, tests in ELSEWHERE.items():
        assert re.search(r'b?"\[" \* [0-9_]{5,}', (ROOT / "tests" / tests).read_text()), path


@pytest.mark.parametrize(
    "text", ["import json\njson.loads(body)", "answer.json()", "from json import loads", "import orjson",
             "msgspec.json.Decoder(Event)", "json.loads(deep(body))", "Settings.model_validate_json(body)"],
)  # fmt: skip
def test_a_place_without_the_guard_is_found(text: str) -> None:
    assert list(bare(ast.parse(text)))


@pytest.mark.parametrize(
    "text", ["json.loads(shallow(body))", "msgspec.json.encode(x)", "msgspec.msgpack.decode(x)"]
)
def test_a_place_with_it_is_not(text: str) -> None:
    assert not list(bare(ast.parse(text)))


class Known(msgspec.Struct):
    number: int = 0


@pytest.mark.parametrize("read", [lambda body: typed(body, Known), reader(Known)])
def test_a_struct_is_read_as_ever_and_what_is_deep_is_no_struct(read: Callable[[bytes | str], Known]) -> None:
    assert read(b'{"number": 7, "nobody": [[1]]}') == Known(7)
    assert read('{"number": 7}') == Known(7)
    for body in (DEEP, DEEP.decode(), LISTS, b"[" * 70):
        with pytest.raises(msgspec.DecodeError):
            read(body)
    with pytest.raises(msgspec.DecodeError, match="JSON is nested deeper than 64 levels"):
        read(DEEP)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_nested_deep_is_refused_with_clear_words_or_left_out(place: str, tmp_path: Path) -> None:
    try:
        result = PLACES[place](tmp_path)
    except REFUSALS:
        return
    assert not result
