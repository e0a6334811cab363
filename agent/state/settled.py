"""Orders that are done and fills that count, known for ever in 17 bytes each.

Late news of an order is told from news of one nobody placed, and a fill that is told twice counts once,
however old both are: so nothing here is ever forgotten, and it is all of an account that grows with its
history. What is kept of each is a 128-bit digest and one byte, in a log in the order they came to be and in
many small buckets to be found in. Equal logs are equal histories; the log only grows, so a checkpoint says no
more than how far it goes (`Mark`), and a file of it is only ever added to.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b, sha256
from struct import iter_unpack

import msgspec

from domain.order import OrderStatus

DIGEST = 16
RECORD = DIGEST + 1
FILL = 0
BUCKETS = 4096
FEW = 320
"""Questions about a log that was read which are answered by going through it: the buckets cost more."""
_STATUSES = tuple(OrderStatus)
_EMPTY = bytearray()


class Mark(msgspec.Struct, frozen=True):
    """A place in the log: its records, their SHA-256, and what they come to."""

    records: int = 0
    digest: bytes = sha256().digest()
    fills: int = 0
    ended: dict[str, int] = {}
    """Orders by the status they ended with."""


class Settled:
    """All orders that are done, each with how it ended, and all fills that count."""

    __slots__ = ("_asked", "_buckets", "_digest", "_firsts", "_known", "ended", "fills", "log")

    def __init__(self) -> None:
        self.log = bytearray()
        """The records, oldest first; only added to, so what was marked may be copied from any thread."""
        self.fills = 0
        self.ended: Counter[str] = Counter()
        """Orders by the status they ended with."""
        self._buckets: dict[int, bytearray] = {}
        self._digest = sha256()
        self._asked: int | None = None
        """How often was asked while there are no buckets of the log yet; None once there are."""
        self._firsts = b""
        """First byte of each record of the log that was read: one byte is found soonest."""
        self._known: dict[bytes, int | None] = {}
        """Answers that were found meanwhile, and what was added: an order is asked about four times."""

    @classmethod
    def of(cls, log: bytes, mark: Mark) -> "Settled":
        """Return what a log comes to. Raises ValueError where it is not the one that was marked."""
        result = cls()
        result._digest.update(log)
        if len(log) != mark.records * RECORD or result._digest.digest() != mark.digest:
            raise ValueError("the log of orders is another one")
        result.log += log
        result._asked = 0
        result._firsts = bytes(log[::RECORD])
        result._count(mark)
        return result

    @classmethod
    def some(
        cls, mark: Mark, ended: Iterable[tuple[str, str]], fills: Iterable[tuple[str, str]]
    ) -> "Settled":
        """Return what was marked, of which no more is asked than these orders and fills, by client id."""
        result = cls()
        for client_id, status in ended:
            result.end(client_id, OrderStatus(status))
        for client_id, trade_id in fills:
            result.count(client_id, trade_id)
        result._count(mark)
        return result

    def ready(self) -> None:
        """Make the buckets of a log that was read, so that no later question waits for them."""
        if self._asked is None:
            return
        self._asked = None
        self._firsts = b""
        self._known.clear()
        records = iter_unpack(f"{RECORD}s", self.log)
        if (
            len(self.log) // RECORD != self.fills + self.ended.total()
        ):  # something ended twice: the last counts
            for (record,) in records:
                self._put(record)
            return
        parts: list[list[bytes]] = [[] for _ in range(BUCKETS)]
        for (number,), (record,) in zip(iter_unpack(f"<H{RECORD - 2}x", self.log), records, strict=True):
            parts[number % BUCKETS].append(record)
        self._buckets = {number: bytearray().join(part) for number, part in enumerate(parts) if part}

    def _count(self, mark: Mark) -> None:
        self.fills, self.ended = mark.fills, Counter(mark.ended)

    def mark(self) -> Mark:
        """Return the place in the log that is reached."""
        return Mark(len(self.log) // RECORD, self._digest.digest(), self.fills, dict(self.ended))

    def end(self, client_id: str, status: OrderStatus) -> None:
        """Take note that an order is done; one that was before ended anew."""
        former = self.status(client_id)
        if former is not None:
            self.ended[former] -= 1
        self.ended[status] += 1
        self._add(_order(client_id), 1 + _STATUSES.index(status))

    def status(self, client_id: str) -> OrderStatus | None:
        """Return how an order ended, None where it is not done or never was."""
        code = self._find(_order(client_id))
        return None if code is None else _STATUSES[code - 1]

    def count(self, client_id: str, trade_id: str) -> None:
        """Take note that a fill counts."""
        if not self.counts(client_id, trade_id):
            self.fills += 1
            self._add(_fill(client_id, trade_id), FILL)

    def counts(self, client_id: str, trade_id: str) -> bool:
        """Say whether a fill counts already."""
        return self._find(_fill(client_id, trade_id)) is not None

    def _add(self, digest: bytes, code: int) -> None:
        record = digest + bytes((code,))
        self.log += record
        self._digest.update(record)
        self._put(record)

    def _put(self, record: bytes) -> None:
        """Have a record found from now on, in place of an earlier one of the same digest."""
        digest = record[:DIGEST]
        if self._asked is not None:
            self._known[digest] = record[DIGEST]
            return
        bucket, offset = self._place(digest)
        if offset < 0:
            self._append(record)
        else:
            bucket[offset + DIGEST] = record[DIGEST]

    def _append(self, record: bytes) -> None:
        number = _number(record)
        bucket = self._buckets.get(number)
        if bucket is None:
            self._buckets[number] = bytearray(record)
        else:
            bucket += record

    def _find(self, digest: bytes) -> int | None:
        """Return the code of a digest."""
        if self._asked is not None:
            if digest in self._known:
                return self._known[digest]
            self._asked += 1
            if self._asked <= FEW:
                code = self._known[digest] = self._last(digest)
                return code
            self.ready()
        bucket, offset = self._place(digest)
        return None if offset < 0 else bucket[offset + DIGEST]

    def _last(self, digest: bytes) -> int | None:
        """Return the code of a digest's last record in the log that was read."""
        first, index = digest[0], self._firsts.rfind(digest[0])
        while index >= 0:
            if self.log.startswith(digest, index * RECORD):
                return self.log[index * RECORD + DIGEST]
            index = self._firsts.rfind(first, 0, index)
        return None

    def _place(self, digest: bytes) -> tuple[bytearray, int]:
        """Return the bucket of a digest and where it lies there, -1 where it does not."""
        bucket = self._buckets.get(_number(digest), _EMPTY)
        offset = bucket.find(digest)
        while offset % RECORD and offset >= 0:  # a match across two records is none
            offset = bucket.find(digest, offset + 1)
        return bucket, offset

    def __eq__(self, other: object) -> bool:
        """Two are equal when the same was settled in the same order."""
        return self.mark() == other.mark() if isinstance(other, Settled) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes with every order

    def __repr__(self) -> str:
        return f"Settled({self.ended.total()} orders, {self.fills} fills)"


def _number(record: bytes) -> int:
    return (record[0] | record[1] << 8) % BUCKETS


def _order(client_id: str) -> bytes:
    return blake2b(client_id.encode(errors="surrogatepass"), digest_size=DIGEST, person=b"order").digest()


def _fill(client_id: str, trade_id: str) -> bytes:
    # The length keeps what two names come to together from being what two others do.
    text = f"{len(client_id)} {client_id}{trade_id}"
    return blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST).digest()
