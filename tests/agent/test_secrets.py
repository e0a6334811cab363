"""No key and no password is shown, wherever it is put and whatever is wrong with it."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agent.cli.handlers.config import toml
from agent.settings.home import Home
from agent.settings.load import load
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from domain.errors import BadInput
from tests.agent.command import agent

CANARY = "canary-1234567890"
WRONG = {
    "a list": [CANARY],
    "a table": {"is": CANARY},
    "a nested list": [[CANARY]],
    "a URL with it": f"https://{CANARY}@example.org",
    "a user's": f"https://user:{CANARY}@example.org",
    "a port": f"https://example.org:{CANARY}",
    "a query": f"https://example.org/?key={CANARY}",
    "a host": f"http://{CANARY}",
    "a bracket": f"https://[{CANARY}]/",
    "a look-alike": f"https://{CANARY}\u2100.example.org",
    "no scheme": f"postgres//user:{CANARY}@host/x",
    "another scheme": f"mysql://user:{CANARY}@host/x",
    "the key alone": CANARY,
}


def places() -> Iterator[str]:
    """Yield every setting that may hold a key or a URL, and those beside it where one may slip."""
    for name, field in Options.model_fields.items():
        inner = field.annotation
        if "SecretStr" in str(inner):
            yield name
        elif isinstance(inner, type) and issubclass(inner, BaseModel):
            fields = inner.model_fields.items()
            if any("SecretStr" in str(each.annotation) or name.endswith("url") for name, each in fields):
                yield name
                yield from (f"{name}.{inner_name}" for inner_name, _ in fields)


def nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


@pytest.mark.parametrize("place", list(places()))
def test_a_bad_value_is_not_shown_where_a_key_may_be(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    for what, wrong in WRONG.items():
        if tomllib.loads(f"x = {toml(wrong)}")["x"] != wrong:
            raise AssertionError(what)
        file = tmp_path / "settings.toml"
        file.write_text("\n".join(f"{name} = {toml(value)}" for name, value in nested(place, wrong).items()))
        variable = f"AGENT_{place.replace('.', '__').upper()}"
        text = wrong if isinstance(wrong, str) else json.dumps(wrong)
        for way in ("file", "variable", "flag"):
            with monkeypatch.context() as patched:
                if way == "variable":
                    patched.setenv(variable, text)
                told = []
                try:
                    settings = load(
                        nested(place, wrong) if way == "flag" else {}, file if way == "file" else None
                    )
                    told = [repr(settings)] if place.endswith(("key", "secret")) else []
                except BadSettings as error:
                    told = error.problems
                assert not [line for line in told if CANARY in line], (what, way)


def test_a_number_in_the_place_of_a_key_is_not_shown(tmp_path: Path) -> None:
    for place in ("exchange.api_key", "exchange.api_secret", "alpha_vantage.api_key", "db_url"):
        with pytest.raises(BadSettings) as caught:
            load({"home": tmp_path} | nested(place, 987654321))
        assert "987654321" not in str(caught.value)
        assert place in str(caught.value) or place == "db_url"


@pytest.mark.parametrize("bad", [f"postgres//u:{CANARY}@host/x", f"postgresql:/u:{CANARY}@host/x", CANARY])
def test_a_url_that_is_none_makes_no_folder_and_no_file(tmp_path: Path, bad: str) -> None:
    where = tmp_path / "list"
    where.write_text(bad)
    where.chmod(0o600)
    for words, env in (
        (("run", "--cycles", "1", "--provider", "simulated", "--db-url", bad), {}),
        (("run", "--cycles", "1", "--provider", "simulated", "--db-url-file", str(where)), {}),
        (("run", "--cycles", "1", "--provider", "simulated"), {"AGENT_DB_URL": bad}),
        (("status",), {"AGENT_DB_URL": bad}),
        (("status",), {"AGENT_DB_URL_FILE": str(where)}),
    ):
        done = agent(tmp_path / "home", *words, env=env, check=2)
        assert CANARY not in done.stdout + done.stderr
        assert "postgresql://user@host" in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["list"]


def test_a_password_is_refused_where_the_list_of_processes_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENT_HOME", str(tmp_path))
    url = f"postgresql://user:{CANARY}@host/x"
    with pytest.raises(BadSettings, match="every user of this machine") as caught:
        load({"db_url": url})
    assert CANARY not in str(caught.value)
    assert load({"db_url": "postgresql://user@host/x"}).db_url is not None
    file = tmp_path / "url"
    file.write_text(f"{url}\n")
    file.chmod(0o600)
    monkeypatch.setenv("AGENT_DB_URL_FILE", str(file))
    named = load({}).db_url
    assert named is not None
    assert named.get_secret_value() == url == Home(tmp_path).server
    monkeypatch.setenv("AGENT_DB_URL", url)
    with pytest.raises(BadInput, match="both set"):
        Home(tmp_path)
    monkeypatch.delenv("AGENT_DB_URL")
    monkeypatch.setenv("AGENT_DB_URL_FILE", str(tmp_path))
    with pytest.raises(BadSettings, match="AGENT_DB_URL_FILE: "):
        load({})
