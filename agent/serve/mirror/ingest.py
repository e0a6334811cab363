"""One row into the mirror's tables: what each kind of event means for cycles, orders, fills and lessons."""

import sqlite3
from functools import cache
from typing import NamedTuple

import msgspec

from agent.answers.agents import FillRow, MarkerKind
from agent.answers.stream import StreamEvent
from agent.host.log import say
from agent.serve.mirror import foreseen, worded
from agent.serve.mirror.folding import Closing, MirrorFold
from agent.serve.mirror.tables import STRETCHES
from agent.views import session, trades
from domain.events import (
    AccountAdopted,
    CycleDecided,
    CycleEnded,
    Event,
    OrderReported,
    OrdersIntended,
    PositionWrittenOff,
    SessionStarted,
)
from domain.lesson import Beliefs, Lesson
from domain.observation import Observation
from domain.order import Fill, OrderStatus, OrderType, Purpose, Receipt
from domain.tally import drawdown
from domain.times import millis, utc
from domain.verdict import Denied
from journal.stored import Stored

ODD = (KeyError, ValueError, ArithmeticError, TypeError)
"""What a row raises that says something nobody can tell in tables, such as a symbol without a grid."""

_encode = msgspec.json.Encoder().encode


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that adds a row; a fill counts once, whatever else comes twice comes anew."""
    again = "IGNORE" if table == "fills" else "REPLACE"
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR {again} INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608


class StreamLine(NamedTuple):
    """A row as the stream tells it: its number, its kind, and the JSON of its StreamEvent."""

    seq: int
    kind: str
    body: bytes


class Ingest:
    """Takes rows of one journal, in order, inside one transaction."""

    def __init__(self, agent: str, fold: MirrorFold, cursor: sqlite3.Cursor) -> None:
        self.agent = agent
        self.fold = fold
        self._do = cursor.execute

    def _put(self, table: str, **values: object) -> None:
        self._do(_insertion(table, tuple(values)), tuple(values.values()))

    def take(self, row: Stored, event: Event) -> StreamLine:
        """Fold a row, write all that follows from it, and return it as the stream tells it."""
        before = self.fold.state.beliefs
        closed = self.fold.apply(event)
        self._do("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", row)
        try:
            self._note(row.seq, event, before)
            for each in closed:
                self._trade(row.seq, each)
        except ODD as fault:
            say("warning", "an odd row is in no table", agent=self.agent, seq=row.seq, why=repr(fault))
        return self._stream(row, event)

    def _stream(self, row: Stored, event: Event) -> StreamLine:
        try:
            body = worded.body_of(event, row.seq, self.fold.state)
        except ODD:
            body = worded.note(event)
        text = _encode(StreamEvent(agent=self.agent, seq=row.seq, kind=row.kind, at=utc(row.at), body=body))
        self._do("INSERT INTO events VALUES (?, ?, ?)", (row.seq, row.kind, text))
        return StreamLine(row.seq, row.kind, text)

    def _note(self, seq: int, event: Event, before: Beliefs) -> None:
        match event:
            case CycleDecided():
                self._decided(seq, event)
            case CycleEnded():
                self._ended(seq, event, before)
            case OrdersIntended():
                self._intended(seq, event)
            case OrderReported():
                self._report(seq, event.cycle_id, event.receipt)
            case SessionStarted():
                self._put("meta", name="cycles_before", value=str(self.fold.state.cycles))
            case AccountAdopted() | PositionWrittenOff():
                for name in event.given_up:
                    self._stand(seq, name, "given up")

    def _decided(self, seq: int, event: CycleDecided) -> None:
        at, cycle = millis(event.at), event.cycle_id
        self._do(
            "INSERT OR REPLACE INTO cycles (cycle, seq, at, session) VALUES (?, ?, ?, ?)",
            (cycle, seq, at, self.fold.state.session),
        )
        for row in session.decision(event, self.fold.instruments, self.fold.mind):
            values = (cycle, row.symbol, row.verdict, at, _encode(row))
            self._do("INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, NULL, ?, ?)", values)
        for observation in event.observations:
            self._candles(observation)
            self._lines(observation)
        for verdict in event.verdicts:
            if isinstance(verdict, Denied):
                self._veto(event, verdict)
        foreseen.foretell(self._do, event)
        for receipt in event.updates:
            self._report(seq, cycle, receipt)

    def _candles(self, observation: Observation) -> None:
        options = self.fold.options
        instrument = self.fold.instruments[observation.symbol]
        timeframe = options.timeframe if options else ""
        for candle in observation.candles:
            prices = [session.decimal(instrument.price(each)) for each in candle[1:5]]
            values = (observation.symbol, timeframe, candle.time, *prices, candle.volume)
            self._do("INSERT OR REPLACE INTO candles VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def _lines(self, observation: Observation) -> None:
        """Keep what the strategies looked at after the last candle: of those before it nobody voted."""
        mind, options = self.fold.mind, self.fold.options
        if mind is None or options is None or not observation.candles:
            return
        tick = self.fold.instruments[observation.symbol].tick
        lines = [
            (each.name, each.on_price, each.value * tick if each.on_price else each.value)
            for _, each in mind.indicators(observation.symbol)
        ]
        if lines:
            values = (observation.symbol, options.timeframe, observation.candles[-1].time, _encode(lines))
            self._do("INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?)", values)

    def _veto(self, event: CycleDecided, verdict: Denied) -> None:
        decision = next((each for each in event.decisions if each.symbol == verdict.symbol), None)
        price = None
        if decision is not None and decision.price is not None:
            price = session.decimal(self.fold.instruments[verdict.symbol].price(decision.price))
        wanted = f"{decision.action} " if decision is not None else ""
        self._mark(
            verdict.symbol, millis(event.at), MarkerKind.VETO, event.cycle_id, price,
            f"{wanted}denied: {verdict.reason}",
        )  # fmt: skip

    def _mark(self, symbol: str, at: int, kind: MarkerKind, cycle: int, price: str | None, text: str) -> None:
        self._put("markers", symbol=symbol, at=at, kind=kind.value, cycle=cycle, price=price, text=text)

    def _ended(self, seq: int, event: CycleEnded, before: Beliefs) -> None:
        ledger, cycle = self.fold.state.ledger, event.cycle_id
        error = event.error.message if event.error else None
        self._do(
            "UPDATE cycles SET outcome = ?, error = ?, equity = ?, drawdown = ? WHERE cycle = ?",
            (event.outcome, error, ledger.equity, drawdown(ledger.equity, ledger.peak_equity), cycle),
        )
        self._do("UPDATE decisions SET outcome = ? WHERE cycle = ?", (event.outcome, cycle))
        for length in STRETCHES:
            self._stretch(length, cycle, ledger.equity)
        for lesson in event.lessons:
            self._lesson(seq, lesson)
            foreseen.resolve(self._do, lesson)
        after = self.fold.state.beliefs
        for voice in after.evidence:
            if after.evidence[voice] != before.evidence.get(voice):
                values = (millis(event.at), cycle, voice, after.weight(voice))
                self._do("INSERT INTO weights (at, cycle, voice, weight) VALUES (?, ?, ?, ?)", values)

    def _stretch(self, length: int, cycle: int, equity: int) -> None:
        """Keep the lowest and the highest equity of so many cycles."""
        self._do(
            "INSERT INTO stretches VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "low_cycle = iif(excluded.low < low, excluded.low_cycle, low_cycle), "
            "high_cycle = iif(excluded.high > high, excluded.high_cycle, high_cycle), "
            "low = min(low, excluded.low), high = max(high, excluded.high)",
            (length, cycle // length, equity, cycle, equity, cycle),
        )

    def _lesson(self, seq: int, lesson: Lesson) -> None:
        body = _encode(session.lesson(lesson, self.fold.state.ledger.cash_decimals))
        self._put(
            "lessons",
            seq=seq,
            kind=lesson.kind,
            symbol=lesson.context.symbol,
            rule=lesson.rule or None,
            at=millis(lesson.learned_at),
            body=body,
        )
        if lesson.kind == "trade":
            for voice in lesson.context.voices:
                if voice.vote:
                    self._voice(voice.name, lesson.result if voice.vote > 0 else -lesson.result)
        elif lesson.kind == "veto":
            result = lesson.result
            self._do(
                "INSERT INTO rules VALUES (?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET vetoes = vetoes + 1, "
                "losses = losses + excluded.losses, gains = gains + excluded.gains, "
                "total = total + excluded.total",
                (lesson.rule, result < 0, result > 0, result),
            )

    def _voice(self, name: str, result: float) -> None:
        """Add what came of doing as a voice said to its record."""
        self._do(
            "INSERT INTO voices VALUES (?, 1, ?, ?) ON CONFLICT DO UPDATE SET trades = trades + 1, "
            "correct = correct + excluded.correct, total = total + excluded.total",
            (name, result > 0, result),
        )

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

    def _trade(self, seq: int, closing: Closing) -> None:
        """Write a trade as it closes: whoever closed it, and whether or not a cycle learned of it yet."""
        closed, lesson = closing
        row = next(trades.rows([closed]))
        trade = closed.trade
        self._put(
            "trades",
            seq=seq,
            symbol=trade.symbol,
            closed=millis(trade.closed_at),
            hour=trade.opened_at.hour,
            exit=closed.exit,
            pnl=trade.pnl,
            earned=row.earned,
            result=lesson.result,
            gross=trade.gross,
            fees=trade.fees,
            slippage=trade.slippage,
            body=_encode(row),
        )
        for voice in lesson.context.voices:
            if voice.vote > 0:
                self._do(
                    "INSERT INTO spoken VALUES (?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                    "trades = trades + 1, wins = wins + excluded.wins, pnl = pnl + excluded.pnl, "
                    "returns = returns + excluded.returns",
                    (voice.name, trade.pnl > 0, trade.pnl, round(lesson.result, 6)),
                )
