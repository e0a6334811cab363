"""Clients of the event stream, many in one process: `python -m benchmarks.serve.clients URL COUNT`.

Says `connected` once all are, and at the end of its input how many events came and how old they were, as one
JSON line. An event's age counts from the moment the agent's own feed told its row to this process
(`BOYD_FEED`, the control socket), which it does after the commit; without a feed events are counted only.
"""

import asyncio
import json
import os
import re
import socket
import sys
import threading
import time
from urllib.parse import urlsplit

ROW = re.compile(rb'"seq":(\d+),"hash"')
ID, BEGUN = re.compile(rb"^id: (?:.*\D)?(\d+)$", re.MULTILINE), b"\nid: "


class Seen:
    """The events that came to all clients, and when the feed told each row."""

    def __init__(self) -> None:
        self.events = 0
        self.ages: list[float] = []
        self.fed: dict[int, float] = {}

    def take(self, text: bytes) -> None:
        """Count the events of a piece, which ends with one; their numbers only matter where ages are told."""
        if not self.fed:
            self.events += text.count(BEGUN)
            return
        now = time.monotonic()
        for number in ID.findall(text):
            self.events += 1
            fed = self.fed.get(int(number))
            if fed is not None:
                self.ages.append(max((now - fed) * 1000, 0.0))

    def feed(self, path: str) -> None:
        """Follow the agent itself, in a thread of its own."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            lines = connection.makefile("rb")
            lines.readline()
            connection.sendall(b'{"do":"follow"}\n')
            for line in lines:
                now = time.monotonic()
                self.fed |= {int(number): now for number in ROW.findall(line)}


async def follow(url: str, token: str, seen: Seen, connected: asyncio.Semaphore) -> None:
    """Follow the stream from now on, as cheaply as can be: these stand for readers on other machines."""
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
    rest = b""
    while data := await reader.read(2**18):
        whole, end, rest = (rest + data).rpartition(b"\n\n")
        seen.take(whole + end)


async def main(url: str, count: int) -> None:
    """Follow with every client until the input ends, then tell."""
    seen, connected = Seen(), asyncio.Semaphore(0)
    if path := os.environ.get("BOYD_FEED"):
        threading.Thread(target=seen.feed, args=(path,), daemon=True).start()
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
        "processor": time.process_time(),
        "p50_ms": ages[len(ages) // 2],
        "p99_ms": ages[min(int(len(ages) * 0.99), len(ages) - 1)],
    }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
