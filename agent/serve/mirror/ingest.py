"""One row into the mirror's tables: what each kind of event means for cycles, orders, fills and lessons."""

from typing import NamedTuple

import msgspec

from agent.answers.chart import MarkerKind
from agent.answers.stream import StreamEvent
from agent.host.log import say
from agent.serve.mirror import foreseen, worded
from agent.serve.mirror.folding import Closing
from agent.serve.mirror.order_rows import OrderRows
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
from domain.tally import drawdown
from domain.times import millis, utc
from domain.verdict import Denied
from journal.stored import Stored

ODD = (KeyError, ValueError, ArithmeticError, TypeError)
"""What a row raises that says something nobody can tell in tables, such as a symbol without a grid."""

_encode = msgspec.json.Encoder().encode


class StreamLine(NamedTuple):
    """A row as the stream tells it: its number, its kind, and the JSON of its StreamEvent."""

    seq: int
    kind: str
    body: bytes


class Ingest(OrderRows):
    """Takes rows of one journal, in order, inside one transaction."""

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
