"""Writes docs/schemas: the JSON Schema of what every command prints with `--json`.

Made from the structs of agent/cli/answers.py by `python -m docs.schemas`; a test fails when a file there is
out of date.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel

from agent.cli.answers import ANSWERS

FOLDER = Path(__file__).with_name("schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SECRET = ("api_key", "api_secret", "db_url", "db_url_file")


def schemas() -> dict[str, str]:
    """Return the text of each file by its name, such as journal-list.json."""
    return {f"{name.replace(' ', '-')}.json": _text(name, kinds) for name, kinds in ANSWERS.items()}


def _text(name: str, kinds: tuple[Any, ...]) -> str:
    found = [_schema(kind) for kind in kinds]
    parts: dict[str, Any] = {}
    for each in found:
        parts |= each.pop("$defs", {})
    told = found[0] if len(found) == 1 else {"description": "One line each.", "anyOf": found}
    head = {"$schema": DIALECT, "title": f"agent {name} --json"}
    return json.dumps(head | told | ({"$defs": parts} if parts else {}), indent=2, ensure_ascii=False) + "\n"


def _schema(kind: Any) -> dict[str, Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _shown(kind.model_json_schema(mode="serialization"))
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return dict(schema) | {"$defs": parts}


def _shown(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of settings without the secrets, which are never shown."""
    for part in (schema, *schema.get("$defs", {}).values()):
        for name in SECRET:
            part.get("properties", {}).pop(name, None)
        if "required" in part:
            part["required"] = [name for name in part["required"] if name not in SECRET]
    return schema


def main() -> None:
    """Write every schema, and remove those of commands that are gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = schemas()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
