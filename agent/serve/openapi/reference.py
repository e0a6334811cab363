"""The reference page: the document as people read it, made here, with nothing from elsewhere."""

import re
from typing import Any

from markupsafe import Markup, escape

Plain = dict[str, Any]


def shown(document: Plain) -> Plain:
    """Return what the template shows: the areas with their routes, and the structs with their fields."""
    areas: dict[str, list[Plain]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            areas.setdefault(operation["tags"][0], []).append(_route(path, method, operation))
    schemas = document["components"]["schemas"]
    return {
        "title": document["info"]["title"],
        "version": document["info"]["version"],
        "about": [_marked(part) for part in document["info"]["description"].split("\n\n")],
        "areas": areas,
        "schemas": [_struct(name, schemas[name]) for name in sorted(schemas)],
        "refusals": {
            status: each["description"] for status, each in document["components"]["responses"].items()
        },
    }


def _route(path: str, method: str, operation: Plain) -> Plain:
    answer = operation["responses"]["200"]["content"]
    media, content = next(iter(answer.items()))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "scope": next((each["token"][0] for each in operation["security"] if "token" in each), "open"),
        "summary": operation["summary"],
        "about": [_marked(part) for part in operation.get("description", "").split("\n\n") if part],
        "parameters": [
            each | {"kind": kind_of(each["schema"]), "text": _marked(each.get("description", ""))}
            for each in operation["parameters"]
        ],
        "body": kind_of(body) if body else None,
        "answer": kind_of(content["schema"]) if media == "application/json" else media,
    }


def _struct(name: str, schema: Plain) -> Plain:
    required = schema.get("required", [])
    return {
        "name": name,
        "about": [_marked(part) for part in schema.get("description", "").split("\n\n") if part],
        "choices": schema.get("enum", []),
        "fields": [
            {
                "name": field,
                "kind": kind_of(each),
                "required": field in required,
                "text": _marked(each.get("description", "")),
            }
            for field, each in schema.get("properties", {}).items()
        ],
    }


def kind_of(schema: Plain) -> Markup:
    """Return a schema as a few words, each struct a link to its place on the page."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(kind_of(each) for each in schema["anyOf"])
    if "enum" in schema:
        return Markup(" | ").join(Markup("<code>{}</code>").format(each) for each in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return Markup("list of {}").format(kind_of(schema.get("items", {})))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("by name, {}").format(kind_of(schema["additionalProperties"]))
    return Markup("{}").format(_limited(schema, "any fields" if kind == "object" else str(kind)))


def _limited(schema: Plain, word: str) -> str:
    if schema.get("format") == "date-time":
        return "time"
    if schema.get("description", "").startswith("An exact decimal"):
        return "decimal text"
    limits = [
        f"from {schema['minimum']}" if "minimum" in schema else "",
        f"to {schema['maximum']}" if "maximum" in schema else "",
    ]
    return " ".join([word, *filter(None, limits)])


def _marked(text: str) -> Markup:
    """Return a text with its `code` and **strong** parts marked; everything else is escaped."""
    plain = str(escape(" ".join(text.split())))
    plain = re.sub(r"`([^`]+)`", r"<code>\1</code>", plain)
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", plain))  # noqa: S704 -- escaped above
