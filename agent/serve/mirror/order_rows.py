"""Orders as events tell of them, into the mirror's tables: intended, reported, filled, marked."""

import sqlite3
from functools import cache

import msgspec

from agent.answers.agents import FillRow
from agent.answers.chart import MarkerKind
from agent.serve.mirror import worded
from agent.serve.mirror.folding import MirrorFold
from agent.views import session
from domain.events import OrdersIntended
from domain.order import Fill, OrderStatus, OrderType, Purpose, Receipt
from domain.times import millis

_encode = msgspec.json.Encoder().encode


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that adds a row; a fill counts once, whatever else comes twice comes anew."""
    again = "IGNORE" if table == "fills" else "REPLACE"
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR {again} INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


class OrderRows:
    """Writes what becomes of orders, inside the transaction of whoever takes rows."""

    def __init__(self, agent: str, fold: MirrorFold, cursor: sqlite3.Cursor) -> None:
        self.agent = agent
        self.fold = fold
        self._do = cursor.execute

    def _put(self, table: str, **values: object) -> None:
        self._do(_insertion(table, tuple(values)), tuple(values.values()))

    def _mark(self, symbol: str, at: int, kind: MarkerKind, cycle: int, price: str | None, text: str) -> None:
        self._put("markers", symbol=symbol, at=at, kind=kind.value, cycle=cycle, price=price, text=text)

    def _intended(self, seq: int, event: OrdersIntended) -> None:
        for order in event.orders:
            row = worded.order_row(order, seq, self.fold.instruments[order.symbol])
            self._put(
                "orders",
                client_id=row.client_id,
                seq=seq,
                cycle=row.cycle,
                at=millis(row.at),
                symbol=row.symbol,
                purpose=row.purpose,
                side=row.side,
                type=row.type,
                lots=order.lots,
                quantity=row.quantity,
                filled=row.filled,
                level=row.level,
                status=row.status,
                open=True,
            )
            self._mention(seq, order.client_id)

    def _mention(self, seq: int, client_id: str) -> None:
        self._do("INSERT OR IGNORE INTO mentions VALUES (?, ?)", (client_id, seq))

    def _report(self, seq: int, cycle: int, receipt: Receipt) -> None:
        """Bring an order up to a report on it; one that no order was intended for is only mentioned."""
        self._mention(seq, receipt.client_id)
        ledger, instrument = self.fold.state.ledger, self.fold.instruments.get(receipt.symbol)
        ours = receipt.client_id in ledger.open_orders or ledger.ended(receipt.client_id) is not None
        if instrument is None or not ours or receipt.client_id in ledger.given_up:
            return
        for fill in receipt.fills:
            self._fill(worded.fill_row(fill, cycle, seq, instrument), fill)
        lots = max(receipt.filled, sum(each.lots for each in receipt.fills))
        filled = session.decimal(instrument.quantity(lots))
        self._do(
            "UPDATE orders SET filled = ? WHERE client_id = ? AND CAST(filled AS REAL) < ?",
            (filled, receipt.client_id, float(filled)),
        )
        self._stand(seq, receipt.client_id, receipt.reason or None)

    def _stand(self, seq: int, client_id: str, reason: str | None) -> None:
        """Write where an order stands by the fold, which knows what may follow what."""
        ledger = self.fold.state.ledger
        standing = ledger.open_orders.get(client_id)
        status: OrderStatus | None = standing.status if standing else ledger.ended(client_id)
        if status is None:
            return
        done = None if standing else seq
        self._do(
            "UPDATE orders SET status = ?, open = ?, reason = coalesce(?, reason), "
            "done_seq = coalesce(done_seq, ?) WHERE client_id = ?",
            (status.value, standing is not None, reason, done, client_id),
        )

    def _fill(self, row: FillRow, fill: Fill) -> None:
        self._put(
            "fills",
            trade_id=row.trade_id,
            client_id=row.client_id,
            seq=row.seq,
            symbol=row.symbol,
            at=millis(row.at),
            body=_encode(row),
        )
        if self._do("SELECT changes()").fetchone()[0]:
            kind = self._kind(fill.client_id)
            text = f"{row.side} {row.quantity} at {row.price}"
            self._mark(row.symbol, millis(row.at), kind, row.cycle, row.price, text)

    def _kind(self, client_id: str) -> MarkerKind:
        query = "SELECT purpose, type FROM orders WHERE client_id = ?"
        row = self._do(query, (client_id,)).fetchone()
        purpose, kind = row or (Purpose.EXIT.value, "")
        if purpose == Purpose.ENTRY.value:
            return MarkerKind.ENTRY
        if purpose == Purpose.PROTECT.value:
            return MarkerKind.TARGET if kind == OrderType.TAKE_PROFIT.value else MarkerKind.STOP
        return MarkerKind.EXIT
