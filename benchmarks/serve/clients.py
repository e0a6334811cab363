"""Clients of the event stream, many in one process: `python -m benchmarks.serve.clients URL COUNT`.

Says `connected` once all are, and at the end of its input how many events came and how old they were, as one
JSON line. An event is as old as its own instant says, so what the cycle itself took is included; events of a
market that says itself what time it is are counted, and no age is told of them.
"""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime
from urllib.parse import urlsplit

AT = re.compile(rb'"at":"([^"]+)"')
OLDEST_MS = 60_000.0


class Seen:
    """The events that came to all clients."""

    def __init__(self) -> None:
        self.events = 0
        self.ages: list[float] = []

    def line(self, line: bytes) -> None:
        """Count one line of the stream, if it is an event's."""
        match = AT.search(line) if line.startswith(b"data:") else None
        if match is None:
            return
        self.events += 1
        at = datetime.fromisoformat(match[1].decode())
        age = (datetime.now(UTC) - at).total_seconds() * 1000  # noqa: TID251 -- it times what it measures
        if 0 <= age < OLDEST_MS:
            self.ages.append(age)


async def follow(url: str, token: str, seen: Seen, connected: asyncio.Semaphore) -> None:
    """Follow the stream from now on."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**22)
    writer.write(
        f"GET /api/v1/events HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: text/event-stream\r\n\r\n".encode()
    )
    first = await reader.readline()
    if b" 200 " not in first:
        raise SystemExit(first.decode())
    connected.release()
    while line := await reader.readline():
        seen.line(line)


async def main(url: str, count: int) -> None:
    """Follow with every client until the input ends, then tell."""
    seen, connected = Seen(), asyncio.Semaphore(0)
    tasks = [
        asyncio.create_task(follow(url, os.environ["BOYD_TOKEN"], seen, connected)) for _ in range(count)
    ]
    for _ in range(count):
        await connected.acquire()
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.sleep(1)
    gone = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    ages = sorted(seen.ages) or [0.0]
    figures = {
        "events": seen.events,
        "gone": gone,
        "p50_ms": ages[len(ages) // 2],
        "p99_ms": ages[min(int(len(ages) * 0.99), len(ages) - 1)],
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
