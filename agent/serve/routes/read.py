"""One agent read from its mirror: account, lists a page at a time, the why of a cycle, charts and figures."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from agent.answers.account import AccountAnswer, PositionAnswer
from agent.answers.agents import BeliefsAnswer, CycleRow, EquityCurve, FillRow, OrderRow, Page
from agent.answers.chart import Chart
from agent.answers.cycle import Explanation
from agent.answers.forecasts import ForecastsAnswer
from agent.answers.journals import ParameterVersion, TradeRow
from agent.answers.learned import LessonRow, PerformanceAnswer, Period, ProfitAnswer
from agent.serve.access.scope import Scope
from agent.serve.guard.filters import (
    Cursor,
    Exit,
    LessonKind,
    Limit,
    Outcome,
    Rule,
    Since,
    Symbol,
    Until,
    filters,
)
from agent.serve.mirror import chart, curve, periods, queries
from agent.serve.mirror.mirror import Mirror
from agent.serve.table import API, Asking, Handler, Route, TurnedAway, unknown
from domain.errors import BadInput
from domain.symbols import spelled

T = TypeVar("T")


class CyclesQuery(Struct, frozen=True, kw_only=True):
    """The cycles asked for."""

    outcome: Outcome | None = None
    acted: Annotated[bool, Meta(description="Without those that ended in no action (`held`).")] = False
    rule: Rule | None = None
    symbol: Symbol | None = None
    since: Since | None = None
    until: Until | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class OrdersQuery(Struct, frozen=True, kw_only=True):
    """The orders asked for."""

    symbol: Symbol | None = None
    open: Annotated[bool, Meta(description="Only those whose fate is not settled.")] = False
    since: Since | None = None
    until: Until | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class FillsQuery(Struct, frozen=True, kw_only=True):
    """The fills asked for."""

    symbol: Symbol | None = None
    since: Since | None = None
    until: Until | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class TradesQuery(Struct, frozen=True, kw_only=True):
    """The closed trades asked for; times are when they closed."""

    symbol: Symbol | None = None
    exit: Exit | None = None
    since: Since | None = None
    until: Until | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class LessonsQuery(Struct, frozen=True, kw_only=True):
    """The lessons asked for."""

    symbol: Symbol | None = None
    kind: LessonKind | None = None
    rule: Rule | None = None
    since: Since | None = None
    until: Until | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class EquityQuery(Struct, frozen=True, kw_only=True):
    """The points asked for."""

    points: (
        Annotated[
            int, Meta(ge=10, le=curve.MOST, description=f"Points of the curve, {curve.POINTS} if not given.")
        ]
        | None
    ) = None


class ProfitQuery(Struct, frozen=True, kw_only=True):
    """The periods asked for."""

    by: Annotated[Period, Meta(description="UTC days, weeks from Monday, or months.")] = Period.DAY
    limit: (
        Annotated[int, Meta(ge=1, le=periods.MOST, description=f"Periods, {periods.LIMIT} if not given.")]
        | None
    ) = None


class CandlesQuery(Struct, frozen=True, kw_only=True):
    """The candles asked for."""

    symbol: Annotated[str, Meta(min_length=1, max_length=40, description="A symbol, such as BTC-USDT.")]
    until: Until | None = None
    limit: (
        Annotated[int, Meta(ge=1, le=chart.MOST, description=f"Candles, {chart.LIMIT} if not given.")] | None
    ) = None


def _mirror(asking: Asking, path: dict[str, str]) -> Mirror:
    """Return the mirror of an agent. Raises JournalFault where its journal cannot be read, or was not yet."""
    watched = asking.fleet.get(path["agent"])
    watched.refuse_unread()
    mirror: Mirror = watched.mirror
    return mirror


def _of_mirror(answer: Callable[[Mirror], Any]) -> Handler:
    """Return a handler of a question that takes nothing but the agent."""

    def handler(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Any:
        return answer(_mirror(asking, path))

    return handler


def _paged(answer: Callable[..., Page[T]]) -> Handler:
    """Return a handler of a list that is given a page at a time."""

    def handler(asking: Asking, path: dict[str, str], query: Any, _body: Any) -> Page[T]:
        return answer(_mirror(asking, path), filters(query), query.cursor, query.limit)

    return handler


def orders(asking: Asking, path: dict[str, str], query: OrdersQuery, _body: Any) -> Page[OrderRow]:
    """Return orders, newest first."""
    return queries.orders(
        _mirror(asking, path), filters(query), query.cursor, query.limit, only_open=query.open
    )


def why(asking: Asking, path: dict[str, str], _query: Any, _body: Any) -> Explanation:
    """Explain a cycle. Raises TurnedAway where there is none such."""
    mirror, number = _mirror(asking, path), path["cycle"]
    if number != "last" and not (number.isascii() and number.isdigit() and len(number) <= 12):
        raise TurnedAway(422, "bad_input", "a cycle is a number or last", field="cycle", value=number[:100])
    try:
        return queries.why(mirror, None if number == "last" else int(number))
    except BadInput as error:
        raise unknown(str(error)) from None


def equity(asking: Asking, path: dict[str, str], query: EquityQuery, _body: Any) -> EquityCurve:
    """Return equity over time."""
    return queries.equity(_mirror(asking, path), query.points)


def profit(asking: Asking, path: dict[str, str], query: ProfitQuery, _body: Any) -> ProfitAnswer:
    """Return profit by period."""
    return queries.profit(_mirror(asking, path), query.by, query.limit)


def candles(asking: Asking, path: dict[str, str], query: CandlesQuery, _body: Any) -> Chart:
    """Return candles with markers. Raises TurnedAway for a symbol that was never traded here."""
    mirror = _mirror(asking, path)
    try:
        return queries.chart(mirror, spelled(query.symbol), query.limit, query.until)
    except BadInput as error:  # what else there is of it the document forbids
        raise unknown(str(error)) from None


def _route(
    name: str, summary: str, answer: Any, handler: Handler, query: type[Struct] | None = None
) -> Route:
    return Route(
        "GET", f"{API}/agents/{{agent}}/{name}", Scope.READ, summary, answer, handler, "agents", query
    )


ROUTES = (
    _route(
        "account", "Cash, equity, profit and the gate's counters", AccountAnswer, _of_mirror(queries.account)
    ),
    _route(
        "positions",
        "Open positions, each with the orders that protect it",
        list[PositionAnswer],
        _of_mirror(queries.positions),
    ),
    _route("equity", "Equity after each cycle, thinned to so many points", EquityCurve, equity, EquityQuery),
    _route("profit", "Profit by day, week or month, newest first", ProfitAnswer, profit, ProfitQuery),
    _route("orders", "Orders, newest first", Page[OrderRow], orders, OrdersQuery),
    _route("fills", "Fills, newest first", Page[FillRow], _paged(queries.fills), FillsQuery),
    _route("trades", "Closed trades, newest first", Page[TradeRow], _paged(queries.trades), TradesQuery),
    _route(
        "lessons",
        "Lessons of trades and of vetoes, newest first",
        Page[LessonRow],
        _paged(queries.lessons),
        LessonsQuery,
    ),
    _route(
        "cycles",
        "Cycles with their decisions, newest first",
        Page[CycleRow],
        _paged(queries.cycles),
        CyclesQuery,
    ),
    _route(
        "cycles/{cycle}",
        "Why a cycle decided as it did, and the smallest change that would have turned it",
        Explanation,
        why,
    ),
    _route(
        "beliefs",
        "The weight of each voice, and how it came to be",
        BeliefsAnswer,
        _of_mirror(queries.beliefs),
    ),
    _route(
        "candles",
        "Candles of a symbol with entries, exits, stops, targets and vetoes as markers",
        Chart,
        candles,
        CandlesQuery,
    ),
    _route(
        "performance",
        "Profit by symbol, hour, voice and ending; what each veto saved or cost",
        PerformanceAnswer,
        _of_mirror(queries.performance),
    ),
    _route(
        "forecasts",
        "What the probabilities of each voice were worth: scores, skill, reliability",
        ForecastsAnswer,
        _of_mirror(queries.forecasts),
    ),
    _route(
        "parameters",
        "Every parameter version with its evidence",
        list[ParameterVersion],
        _of_mirror(queries.parameters),
    ),
)
