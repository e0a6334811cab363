"""The session's side of a comparison: its trades by symbol and candle, and why there is none."""

from collections.abc import Sequence

from agent.reports.backtested import Key
from agent.reports.lived import Lived
from agent.reports.pairs import TradeSide
from agent.views.history import ClosedTrade
from domain.events import CycleDecided, CycleEnded, Event, OrderReported
from domain.times import millis
from domain.verdict import Denied
from journal.history import History

BLOCKED = "entries_blocked"
NO_VOTE = "the session did not vote to buy"
NOT_DECIDED = "no cycle of the session decided on that candle"


class OwnSide:
    """The session's side: its trades by symbol and candle, and its own rows to look things up in."""

    def __init__(self, records: History, lived: Lived) -> None:
        self.records = records
        self.lived = lived
        self.trades: dict[Key, ClosedTrade] = {}
        self.strangers: list[ClosedTrade] = []
        self.before = 0
        for each in lived.trades:
            key = self._key(each.trade.symbol, each.entry_cycle)
            held = lived.open_before.get(each.trade.symbol)
            if held is not None and held.entry_id == each.trade.entry_id:
                self.before += 1
            elif key is None:
                self.strangers.append(each)
            else:
                self.trades[key] = each
        contexts = lived.state.contexts
        self.open = {
            key
            for symbol in lived.state.ledger.positions
            if symbol in contexts and (key := self._key(symbol, contexts[symbol].cycle_id))
        }

    def _key(self, symbol: str, cycle: int) -> Key | None:
        looked = self.lived.seen.looked.get(symbol)
        candle = looked.candle_of(cycle) if looked and cycle else None
        return None if candle is None else (symbol, candle)

    def side(self, each: ClosedTrade) -> TradeSide:
        """Return a trade as it is compared."""
        trade = each.trade
        return TradeSide(
            millis(trade.opened_at),
            millis(trade.closed_at),
            trade.lots,
            trade.bought,
            trade.sold,
            trade.fees,
            trade.slippage,
            trade.pnl,
            each.exit,
        )

    def why_not(self, key: Key, opened_ms: int) -> tuple[str, str]:
        """Say why the session did not buy on a candle where its backtest did: the kind, and the whole."""
        symbol, candle = key
        if key in self.open:
            return told("still open in the session")
        looked = self.lived.seen.looked.get(symbol)
        cycle = looked.cycle_of(candle) if looked else None
        if cycle is None:
            return told(self._unseen(opened_ms))
        rows = [row.event for row in self.records.find_cycle(cycle)]
        ended = next((each for each in rows if isinstance(each, CycleEnded)), None)
        if ended is not None and ended.error is not None:
            return told("its cycle failed", f"{ended.error.kind}: {ended.error.message}")
        decided = next((each for each in rows if isinstance(each, CycleDecided)), None)
        return told(NOT_DECIDED) if decided is None else self._decided(symbol, decided, rows)

    def _decided(self, symbol: str, decided: CycleDecided, rows: Sequence[Event]) -> tuple[str, str]:
        """Say what became of a cycle's decision on a symbol."""
        verdict = next((each for each in decided.verdicts if each.symbol == symbol), None)
        if isinstance(verdict, Denied):
            blocked = [decided.blocked[name] for name in ("", symbol) if name in decided.blocked]
            why = "; ".join(blocked) if verdict.reason == BLOCKED else ""
            return told(f"the session's gate denied it: {verdict.reason}", why)
        if verdict is not None:
            return told("its order was not filled", _unfilled(rows, verdict.order.client_id))
        decision = next((each for each in decided.decisions if each.symbol == symbol), None)
        return told(NO_VOTE, decision.reason if decision else "it decided nothing")

    def _unseen(self, opened_ms: int) -> str:
        for gap in self.lived.uptime.gaps:
            if millis(gap.begin) <= opened_ms < millis(gap.end):
                return f"the session made no cycle then: {gap.why}"
        return NOT_DECIDED


def told(kind: str, detail: str = "") -> tuple[str, str]:
    """Return a kind of difference, and it with what is known of this one."""
    return kind, f"{kind}: {detail}" if detail else kind


def _unfilled(rows: Sequence[Event], client_id: str) -> str:
    reports = [each.receipt for each in rows if isinstance(each, OrderReported)]
    last = next((each for each in reversed(reports) if each.client_id == client_id), None)
    if last is None:
        return "it was never answered"
    return f"{last.status}{f', {last.reason}' if last.reason else ''}"
