"""The document says what the server does: valid OpenAPI 3.1, every route in it, and a page made of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from agent.serve.access.scope import Scope
from agent.serve.app import table
from tests.serve.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("openapi")) as made:
        yield made


def test_the_document_is_valid_and_holds_every_route(served: Served) -> None:
    document = served.read("/openapi.json").json
    OPENAPI_31_VALIDATOR.validate(document)
    assert document["openapi"].startswith("3.1")
    written = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    assert {(route.method, route.path) for route in table()} <= written
    ids = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))


def references(part: Any) -> Iterator[str]:
    """Yield every reference below a part of the document."""
    if isinstance(part, dict):
        yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_reference_leads_somewhere_and_every_struct_is_described(served: Served) -> None:
    document = served.read("/openapi.json").json
    for reference in set(references(document)):
        part = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), f"{name} has no docstring"


AMOUNTS = re.compile(r"equity|cash|profit|price|entry$|^stop$|^target$|fees?$|quantity|level")


def test_no_amount_is_a_number_in_any_answer(served: Served) -> None:
    found = 0
    for name, schema in served.read("/openapi.json").json["components"]["schemas"].items():
        for field, each in schema.get("properties", {}).items():
            if AMOUNTS.search(field) and not re.search(r"_at$|_seconds$|share|_factor$", field):
                kinds = {kind.get("type") for kind in (each, *each.get("anyOf", ()))}
                assert not kinds & {"number"}, f"{name}.{field}"
                found += 1
    assert found > 10


def test_every_route_says_who_may_ask_it_and_all_that_change_something_may_trade() -> None:
    for route in table():
        if route.method == "GET":
            assert route.scope in (Scope.OPEN, Scope.READ), route.path
        else:
            open_ = route.path.rpartition("/")[2] in ("login", "logout")
            assert route.scope is (Scope.OPEN if open_ else Scope.TRADE), route.path
            assert route.body is not None, route.path
        if route.scope is Scope.OPEN:
            assert route.path.rpartition("/")[2] in ("health", "login", "logout")


def test_the_reference_page_shows_every_route_and_loads_nothing_from_elsewhere(served: Served) -> None:
    answer = served.read("/docs")
    page = answer.content.decode()
    assert answer.headers["content-type"].startswith("text/html")
    for route in table():
        assert f"</span> {route.path} <" in page
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(link.startswith(("/", "#")) for link in links)
    assert "<style" not in page
    assert not re.search(r"<script(?! src=)", page)
    for link in links:
        if link.startswith("/static/"):
            assert served.read(link).status == 200, link
        elif link.startswith("#"):
            assert f'id="{link[1:]}"' in page, link


def test_the_document_is_sound_json_for_programs(served: Served, tmp_path: Path) -> None:
    answer = served.read("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.content)["info"]["title"] == "Boyd"
