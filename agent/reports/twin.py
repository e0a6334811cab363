"""The session against a backtest of the candles it saw, trade by trade, with what tells each pair apart.

The backtest has the settings, the parameters and the grids the session had, its costs on paper, and begins
flat with what the account was worth. Where those changed, another begins: a stretch. Trades are one where
both sides bought the same symbol on the same closed candle. A trade that only one side made is looked up in
the other's record: the cycle's own rows, the backtest's denials.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from agent.answers.report import PairRow, TwinAnswer
from agent.reports.backtested import Backtested, Key, run_stretch, warmup_of
from agent.reports.candles import Market, markets
from agent.reports.lived import Lived
from agent.reports.own_side import NO_VOTE, NOT_DECIDED, OwnSide
from agent.reports.pairs import TradeSide, alone, both
from agent.reports.period import ReportPeriod, Span, first_at
from agent.reports.seen import Rules
from domain.errors import BadInput
from domain.instrument import Instrument
from domain.money import cash_text
from domain.observation import Source
from domain.times import millis
from journal.history import History
from reasoning.minds import StrategyRunner

MOST_CANDLES = 3_000_000
"""Candles of all symbols together up to which a report runs a backtest beside it."""

BACKTEST_SILENT = "the backtest does not vote to buy there: its memory or its weights are others"
UNEXPLAINED = frozenset({BACKTEST_SILENT, NO_VOTE, NOT_DECIDED})
"""Kinds of difference of which only the place is known, not the cause."""

STRANGER = "nobody's entry is on record: it was adopted, or bought by hand"


def twin_of(records: History, period: ReportPeriod, span: Span, lived: Lived) -> TwinAnswer:
    """Return a session beside its backtest; `why_not` where there is none."""
    rules = lived.seen.rules
    if not rules or not lived.times_ms:
        return TwinAnswer(
            why_not="no cycle ended in the period" if rules else "its settings are of another version"
        )
    absent = _absent(rules)
    if absent:
        return TwinAnswer(why_not=f"strategy {absent} cannot be loaded here")
    market = markets(
        records, with_warmup(records, period, span, rules[0]), rules[-1].options.timeframe_ms, grids_of(rules)
    )
    count = sum(len(each.candles) for each in market.values())
    if count > MOST_CANDLES:
        return TwinAnswer(why_not=f"{count} candles, the limit is {MOST_CANDLES}: ask for a shorter period")
    backtested, notes, stretches = Backtested(), _noted(market), 0
    for stretch, end_ms in _stretches(rules, period):
        try:
            ran = run_stretch(stretch, market, period, end_ms)
        except BadInput as refused:
            notes.append(f"from {_when(stretch)}: no backtest: {refused}")
            continue
        backtested.add(ran)
        stretches += 1
        notes += [
            f"from {_when(stretch)}: the backtest begins flat, the session held {name}"
            for name in stretch.held
        ]
    if not stretches:
        return TwinAnswer(why_not=notes[-1] if notes else "no candle was seen", notes=notes)
    return _compared(records, lived, backtested, stretches, notes)


def _when(rules: Rules) -> str:
    return "the beginning" if rules.since is None else f"{rules.since:%Y-%m-%d %H:%M}"


def _absent(rules: Sequence[Rules]) -> str:
    """Return a strategy that only a stand-in speaks for, "" without one."""
    for each in rules:
        mind = StrategyRunner(each.options.reasoning, each.options.timeframe_ms)
        if mind.stands_in:
            return ", ".join(each.options.reasoning.strategies)
    return ""


def grids_of(rules: Sequence[Rules]) -> dict[str, Instrument]:
    """Return the grid of each symbol as it was first."""
    return {name: grid for each in reversed(rules) for name, grid in each.instruments.items()}


def with_warmup(records: History, period: ReportPeriod, span: Span, rules: Rules) -> Span:
    """Return the rows of a period and those before it that hold the strategies' warm-up."""
    back = (warmup_of(rules) + 2) * rules.options.timeframe_ms
    first = first_at(records, millis(period.since) - back) - 1
    return Span(min(first, span.after), span.last)


def _noted(market: Mapping[str, Market]) -> list[str]:
    poor = {Source.SIMULATED: "some data were simulated", Source.CACHED: "some data were kept answers"}
    return [f"{symbol}: {poor[each.worst]}" for symbol, each in market.items() if each.worst in poor]


def _stretches(rules: Sequence[Rules], period: ReportPeriod) -> list[tuple[Rules, int]]:
    """Return each stretch with its end, in ms."""
    ends = [millis(each.since) + 1 for each in rules[1:] if each.since] + [millis(period.until)]
    return list(zip(rules, ends, strict=True)) if len(ends) == len(rules) else [(rules[-1], ends[-1])]


def _compared(
    records: History, lived: Lived, backtested: Backtested, stretches: int, notes: list[str]
) -> TwinAnswer:
    session, decimals = OwnSide(records, lived), lived.state.ledger.cash_decimals
    timeframe = lived.seen.rules[-1].options.timeframe_ms
    rows: list[PairRow] = []
    reasons: Counter[str] = Counter()
    matched = same = unexplained = 0
    for key in sorted({*session.trades, *backtested.trades}, key=lambda each: (each[1], each[0])):
        ours, theirs = session.trades.get(key), backtested.trades.get(key)
        if ours is not None and theirs is not None:
            row, kind = both(key[0], session.side(ours), theirs, timeframe, decimals)
            matched, same = matched + 1, same + (not kind)
        elif ours is not None:
            kind = _why_alone(key, session.side(ours), backtested)
            row = alone(key[0], session.side(ours), kind, decimals, session=True)
        elif theirs is not None:
            kind, why = session.why_not(key, theirs.opened_ms)
            row = alone(key[0], theirs, why, decimals, session=False)
        rows.append(row)
        reasons.update([kind] if kind else [])
        unexplained += kind in UNEXPLAINED
    for each in session.strangers:
        rows.append(alone(each.trade.symbol, session.side(each), STRANGER, decimals, session=True))
        reasons[STRANGER] += 1
    ours_pnl = sum(each.trade.pnl for each in (*session.trades.values(), *session.strangers))
    theirs_pnl = sum(each.pnl for each in backtested.trades.values())
    return TwinAnswer(
        stretches=stretches,
        candles=backtested.candles,
        session_trades=len(session.trades) + len(session.strangers),
        backtest_trades=len(backtested.trades),
        matched=matched,
        identical=same,
        open_before=session.before,
        session_pnl=cash_text(ours_pnl, decimals),
        backtest_pnl=cash_text(theirs_pnl, decimals),
        difference=cash_text(ours_pnl - theirs_pnl, decimals),
        reasons=dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))),
        unexplained=unexplained,
        pairs=rows,
        notes=notes,
    )


def _why_alone(key: Key, side: TradeSide, backtested: Backtested) -> str:
    """Say why the backtest did not buy where the session did."""
    if key in backtested.open:
        return "still open in the backtest"
    if key in backtested.denied:
        return f"the backtest's gate denied it: {backtested.denied[key]}"
    if backtested.holding(key[0], side.opened_ms):
        return "the backtest held it already"
    return BACKTEST_SILENT
