#!/usr/bin/env bash
# fastapi 0.165.0: one Decimal leaves as text or as a rounded number, depending on how the route is annotated.
#
# Seen: the same value, Decimal("0.10000000000000000555"), in a route annotated `-> Row` or `-> dict[str, Decimal]` comes out
# as the exact text "0.10000000000000000555"; in a route that returns a plain dict without an annotation it comes out as the
# number 0.1, and Decimal("5") as 5. Nothing warns; in the document of the API that route's answer is an empty schema.
# Guessed: one framework has one way to write a Decimal.
# Matters: a client that reads a price from a list and from a detail page gets text here and a number there, and where it is
# a number the last digits are gone. A refactoring that takes an annotation away changes money on the wire.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$folder/site" fastapi==0.165.0

cat > "$folder/run.py" <<'PYTHON'
import asyncio
from decimal import Decimal

from fastapi import FastAPI
from pydantic import BaseModel

PRICE = Decimal("0.10000000000000000555")
app = FastAPI()


class Row(BaseModel):
    price: Decimal


@app.get("/model")
def model() -> Row:
    return Row(price=PRICE)


@app.get("/annotated")
def annotated() -> dict[str, Decimal]:
    return {"price": PRICE}


@app.get("/bare")
def bare():
    return {"price": PRICE}


@app.get("/whole")
def whole():
    return {"price": Decimal("5")}


def get(path):
    """Ask the application itself, without a server between."""
    parts = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        parts.append(message.get("body", b""))

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
             "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [],
             "server": ("localhost", 80), "client": ("localhost", 1), "asgi": {"version": "3.0"}}
    asyncio.run(app(scope, receive, send))
    return b"".join(parts).decode()


for path in ("/model", "/annotated", "/bare", "/whole"):
    print(path, get(path))
schema = app.openapi()["paths"]["/bare"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
print("schema of /bare:", schema)
PYTHON

cat > "$folder/expected" <<'SEEN'
/model {"price":"0.10000000000000000555"}
/annotated {"price":"0.10000000000000000555"}
/bare {"price":0.1}
/whole {"price":5}
schema of /bare: {}
SEEN
PYTHONPATH="$folder/site" "${PYTHON:-python3}" "$folder/run.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as stated: fastapi 0.165.0"
