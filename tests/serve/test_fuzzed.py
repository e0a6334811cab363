"""Every route asked by schemathesis as the document allows and as it forbids, on a real server.

What is answered must be in the document, in its form, and never a fault of the server; what the document
forbids must be refused.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from agent.serve.app import table
from agent.serve.openapi.document import document
from agent.serve.stream import serving as streaming
from tests.agent.command import agent
from tests.serve.served import Served, serving

EXAMPLES = 3
NAME = "one"
SCHEMA = schemathesis.openapi.from_dict(document(table()))
EVERY: list[Any] = [each.ok() for each in SCHEMA.get_all_operations()]  # type: ignore[union-attr]
OPERATIONS = {f"{each.method.upper()} {each.path}": each for each in EVERY}
TAKING = sorted(name for name, each in OPERATIONS.items() if each.body or each.query or each.path_parameters)
BEGINS = {"POST /api/v1/agents", "POST /api/v1/agents/{agent}/start", "POST /api/v1/work"}
"""What is meant here begins a process: only what cannot be meant is asked."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("fuzzed")
    agent(home, "run", "--provider", "simulated", "--speed", "max", "--cycles", "60", "--journal", NAME)
    with pytest.MonkeyPatch.context() as patch, serving(home) as made:
        patch.setattr(streaming, "MOST_CLIENTS", 0)  # a stream that would go on is told so and closed
        made.settled()
        yield made


def tried(served: Served, name: str, mode: GenerationMode, **fixed: Any) -> int:
    """Ask one route so many times; return how many were answered well."""
    well = 0
    session = requests.Session()
    # A command may be meant and still be refused, as things stand.
    left_out = [positive_data_acceptance] if name.startswith("POST") else []
    headers = {"Authorization": f"Bearer {served.tokens.trade}"}

    @settings(
        max_examples=EXAMPLES if OPERATIONS[name].body or OPERATIONS[name].query else 1,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode, **fixed))
    def ask(case: Any) -> None:
        nonlocal well
        if {"since", "until"} <= (case.query or {}).keys():
            del case.query["until"]  # each alone is fine; that one is before the other no schema can say
        response = case.call(base_url=served.url, headers=headers, session=session, timeout=60)
        well += response.status_code < 400
        case.validate_response(response, headers=headers, excluded_checks=left_out)

    with session:
        ask()
    return well


@pytest.mark.parametrize("name", sorted(set(OPERATIONS) - BEGINS))
def test_what_the_document_allows_is_answered_as_it_says(served: Served, name: str) -> None:
    fixed = {"path_parameters": {"agent": NAME}} if "{agent}" in name else {}
    tried(served, name, GenerationMode.POSITIVE, **fixed)


@pytest.mark.parametrize("name", TAKING)
def test_what_the_document_forbids_is_refused(served: Served, name: str) -> None:
    tried(served, name, GenerationMode.NEGATIVE)
