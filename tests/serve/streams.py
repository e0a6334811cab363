"""A reader of server-sent events for tests, as the standard has them."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from tests.serve.asking import connect

ROWLESS = ("hello", "state", "agent", "work", "gap", "dropped")


class Told(NamedTuple):
    """One event."""

    id: str | None
    kind: str
    data: Any


class Reader:
    """A stream that is read event by event."""

    def __init__(
        self,
        url: str,
        token: str,
        last: str | None = None,
        seconds: float = 60.0,
        cookie: str | None = None,
        **query: str,
    ) -> None:
        headers: dict[str, str] = (
            {"Authorization": f"Bearer {token}"} if cookie is None else {"Cookie": cookie}
        )
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection = connect(url, seconds)
        self.connection.request("GET", f"/api/v1/events?{urlencode(query)}", headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in self.answer.getheaders()}
        self.comments = 0

    def __iter__(self) -> Iterator[Told]:
        fields: dict[str, str] = {}
        for line in self.answer:
            text = line.decode().rstrip("\n")
            if text.startswith(":"):
                self.comments += 1
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield Told(fields.get("id"), fields["event"], json.loads(fields["data"]))
                fields = {}
            else:
                fields = {}

    def rows(self) -> Iterator[Told]:
        """Yield the events that are rows."""
        return (each for each in self if each.kind not in ROWLESS)

    def until(self, seq: int) -> list[Told]:
        """Read rows up to one of a number."""
        found: list[Told] = []
        for each in self.rows():
            found.append(each)
            if each.data["seq"] >= seq:
                break
        return found

    def first(self, kind: str) -> Told:
        """Return the next event of a kind."""
        return next(each for each in self if each.kind == kind)

    def close(self) -> None:
        """Leave."""
        self.connection.close()
        self.answer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
