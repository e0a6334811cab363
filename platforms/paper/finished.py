"""The paper exchange's memory of orders that no longer work, and the news it has yet to tell."""

from collections import OrderedDict

import msgspec

from domain.order import Receipt

REMEMBERED = 10_000
"""Finished orders kept for `query` and for telling duplicates; as many refused ones beside them."""


class Memory:
    """Finished and refused orders, the oldest forgotten beyond `limit` each, and news to be polled.

    Refusals have a place of their own so that a flood of them cannot push out an executed order,
    whose client id must not be executed again.
    """

    def __init__(self, limit: int = REMEMBERED) -> None:
        self._limit = limit
        self._finished: OrderedDict[str, Receipt] = OrderedDict()
        self._refused: OrderedDict[str, Receipt] = OrderedDict()
        self._news: list[Receipt] = []

    def find(self, client_id: str) -> Receipt | None:
        """Return a finished or refused order with all its fills."""
        return self._finished.get(client_id) or self._refused.get(client_id)

    def finish(self, receipt: Receipt) -> None:
        """Remember an order that has ended."""
        self._keep(self._finished, receipt)

    def refuse(self, receipt: Receipt) -> None:
        """Remember an order that never worked."""
        self._keep(self._refused, receipt)

    def tell(self, receipt: Receipt) -> None:
        """Have the next poll report this."""
        self._news.append(receipt)

    def news(self) -> list[Receipt]:
        """Hand out what has not been told yet, oldest first."""
        if not self._news:
            return []
        news, self._news = self._news, []
        return news

    def _keep(self, shelf: OrderedDict[str, Receipt], receipt: Receipt) -> None:
        shelf[receipt.client_id] = receipt
        if len(shelf) > self._limit:
            shelf.popitem(last=False)  # a plain dict would search past all it has forgotten


def without_fills(receipt: Receipt) -> Receipt:
    """Return a receipt whose fills were told before."""
    return msgspec.structs.replace(receipt, fills=())
