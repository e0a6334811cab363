"""Results from every side: profit by symbol, hour, ending and voice, vetoes by rule, weights over time.

Money is added up from the closed trades alone, so that every sum agrees with the list and with the account;
the records of learning are those of the lessons, which come with the end of a cycle.
"""

import sqlite3
from typing import Any

from agent.answers.agents import BeliefsAnswer, VoiceWeight
from agent.answers.forecasts import ForecastsAnswer
from agent.answers.learned import PerformanceAnswer, TotalsAnswer, TradeGroup
from agent.serve.mirror.foreseen import foretold
from agent.serve.mirror.mirror import Mirror
from agent.views import forecasts as told
from agent.views.session import totals
from domain.money import cash_text
from domain.times import utc
from learning.performance import RuleRecord, Totals, VoiceRecord

WEIGHTS = 2_000
"""Changes of weights that are told, the latest ones."""

_HOUR = "printf('%02d', hour)"


def performance(mirror: Mirror) -> PerformanceAnswer:
    """Return what all closed trades and all vetoes came to."""
    ledger, weight = mirror.state.ledger, mirror.state.beliefs.weight
    decimals = ledger.cash_decimals
    with mirror.reading() as connection:
        read = connection.execute
        return PerformanceAnswer(
            quote=next((each.quote for each in ledger.instruments.values()), None),
            totals=_totals(connection, decimals),
            by_symbol=_groups(connection, "symbol", decimals),
            by_hour=_groups(connection, _HOUR, decimals),
            by_exit=_groups(connection, "exit", decimals),
            by_voice=[
                TradeGroup(
                    name=name,
                    trades=trades,
                    wins=wins,
                    pnl=cash_text(pnl, decimals),
                    mean_result=returns / trades,
                )
                for name, trades, wins, pnl, returns in read(
                    "SELECT voice, trades, wins, pnl, returns FROM spoken ORDER BY voice"
                )
            ],
            voices={
                name: VoiceRecord(trades, right, total / trades, weight(name))
                for name, trades, right, total in read("SELECT voice, trades, correct, total FROM voices")
            },
            rules={
                rule: RuleRecord(count, losses, gains, total / count, -total)
                for rule, count, losses, gains, total in read(
                    "SELECT rule, vetoes, losses, gains, total FROM rules"
                )
            },
        )


def forecasts(mirror: Mirror) -> ForecastsAnswer:
    """Return every voice's forecasts and what they were worth, as the command line tells them."""
    with mirror.reading() as connection:
        head = connection.execute("SELECT coalesce(max(seq), 0) FROM rows").fetchone()[0]
        done, still = foretold(connection)
    return told.answer(mirror.name, head, done, still)


def _groups(connection: sqlite3.Connection, column: str, decimals: int) -> list[TradeGroup]:
    query = (
        f"SELECT {column}, count(*), sum(pnl > 0), sum(pnl), avg(earned) "  # noqa: S608 -- ours
        f"FROM trades GROUP BY 1 ORDER BY 1"
    )
    return [
        TradeGroup(name=name, trades=count, wins=wins, pnl=cash_text(pnl, decimals), mean_result=mean)
        for name, count, wins, pnl, mean in connection.execute(query)
    ]


def _totals(connection: sqlite3.Connection, decimals: int) -> TotalsAnswer:
    """Return what all closed trades came to."""
    row: tuple[Any, ...] = connection.execute(
        "SELECT count(*), sum(pnl > 0), total(result), sum(max(pnl, 0)), sum(min(pnl, 0)), "
        "sum(gross), sum(fees), sum(slippage) FROM trades"
    ).fetchone()
    trades, wins, result, won, lost, gross, fees, slippage = (each or 0 for each in row)
    return totals(
        Totals(
            trades=trades,
            wins=wins,
            win_rate=wins / trades if trades else None,
            profit_factor=won / -lost if lost else None,
            mean_result=result / trades if trades else None,
            pnl=won + lost,
            gross=gross,
            fees=fees,
            slippage=slippage,
        ),
        decimals,
    )


def beliefs(mirror: Mirror) -> BeliefsAnswer:
    """Return the weight of each voice now, and how it came to be: the latest changes, oldest first."""
    with mirror.reading() as connection:
        rows = connection.execute(
            "SELECT at, cycle, voice, weight FROM weights ORDER BY number DESC LIMIT ?", (WEIGHTS,)
        ).fetchall()[::-1]
    parts, now = mirror.parts, mirror.state.beliefs
    names = {*now.weights, *(parts.mind.names if parts else ())}
    return BeliefsAnswer(
        weights={name: now.weight(name) for name in sorted(names)},
        history=[
            VoiceWeight(at=utc(at), cycle=cycle, voice=voice, weight=weight)
            for at, cycle, voice, weight in rows
        ],
    )
