"""The rules of performance and of evidence, each with how sure such a measurement can be."""

from math import sqrt

from agent.answers.gate import RuleStanding
from agent.answers.report import CostRow
from agent.gate.facts import SIDES as WIDE
from agent.gate.facts import GateFacts, Measured, days_needed, likelihood, passed, unknown


def trades(facts: GateFacts) -> Measured:
    """Count the closed trades."""
    count, least = facts.report.totals.trades, facts.settings.trades
    words = f"at least {least}"
    if count < least:
        return unknown(words, f"{least - count} more are needed", str(count))
    return passed(str(count), words, holds=True)


def profit(facts: GateFacts) -> Measured:
    """Measure the profit of the period, and how far the trades' results lie above 0."""
    report, words = facts.report, "above 0"
    value = f"{report.profit} {report.quote or ''}".strip()
    sure = _mean_likely(facts.results)
    power = "" if sure is None else f"the trades' mean is above 0 with {sure:.0%} likelihood"
    if len(facts.results) < facts.settings.trades:
        return unknown(words, f"{len(facts.results)} trades, least {facts.settings.trades}", value, power)
    if float(report.profit) <= 0:
        return passed(value, words, holds=False, power=power)
    return _sure(value, words, sure, facts, power)


def _mean_likely(results: list[float]) -> float | None:
    """Return how likely the mean behind some results is above 0; None of fewer than two, or all alike."""
    count = len(results)
    if count < 2:
        return None
    mean = sum(results) / count
    variance = sum((each - mean) ** 2 for each in results) / (count - 1)
    return None if variance <= 0 else likelihood(mean / sqrt(variance / count))


def _sure(value: str, limit: str, sure: float | None, facts: GateFacts, power: str) -> Measured:
    """Return a measurement that holds: proven as far as is asked for, or weak."""
    least = facts.settings.confidence
    if sure is not None and sure >= least:
        return Measured(
            value, limit, RuleStanding.PASS, f"likelihood {sure:.0%}, asked for {least:.0%}", power
        )
    shown = "unknown" if sure is None else f"{sure:.0%}"
    return Measured(
        value, limit, RuleStanding.WEAK, f"it may be luck: likelihood {shown}, asked for {least:.0%}", power
    )


def sharpe(facts: GateFacts) -> Measured:
    """Measure the yearly Sharpe ratio of daily returns, with its 95 % confidence interval."""
    figures, limit = facts.report.figures, facts.settings.sharpe
    words = f"at least {limit:g}"
    days = figures.days if figures else 0
    periods = figures.periods if figures else 365
    power = _sharpe_power(days, periods)
    if figures is None or figures.sharpe is None or days < facts.settings.least_days:
        return unknown(words, f"{days} daily returns, least {facts.settings.least_days}", power=power)
    low, high = figures.sharpe_low, figures.sharpe_high
    between = "" if low is None or high is None else f" (95 %: {low:.2f} to {high:.2f})"
    value = f"{figures.sharpe:.2f}{between}"
    if figures.sharpe < limit:
        return passed(value, words, holds=False, power=power)
    deviation = (high - low) / (2 * WIDE) if low is not None and high is not None else 0.0
    return _sure(value, words, likelihood(figures.sharpe / deviation) if deviation else None, facts, power)


def _sharpe_power(days: int, periods: int) -> str:
    """Say what so many days can show of a ratio of 2."""
    needed = days_needed(2.0, periods)
    return (
        f"a true ratio of 2 gives t = {2 * sqrt(days / periods):.2f} after {days} days; 95 % takes {needed}"
    )


def drawdown(facts: GateFacts) -> Measured:
    """Measure the largest fall from a peak."""
    fall, limit = facts.report.risk.drawdown, facts.settings.drawdown
    words = f"below {limit:.0%}"
    if fall is None:
        return unknown(words, "no cycle ended in the period")
    return passed(f"{fall:.2%}", words, holds=fall < limit, power="a longer time finds deeper falls")


def win_rate(facts: GateFacts) -> Measured:
    """Measure the share of trades won, with its 95 % interval (Wilson)."""
    totals, limit = facts.report.totals, facts.settings.win_rate
    words = f"at least {limit:.0%}"
    if totals.trades < facts.settings.trades or totals.win_rate is None:
        return unknown(words, f"{totals.trades} trades, least {facts.settings.trades}")
    low, high = wilson(totals.wins, totals.trades)
    value = f"{totals.win_rate:.0%} (95 %: {low:.0%} to {high:.0%})"
    power = f"{totals.trades} trades tell rates apart by {(high - low) / 2:.0%}"
    if totals.win_rate < limit:
        return passed(value, words, holds=False, power=power)
    deviation = sqrt(max(limit * (1 - limit), 1e-9) / totals.trades)
    return _sure(value, words, likelihood((totals.win_rate - limit) / deviation), facts, power)


def wilson(wins: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate: Wilson, "Probable inference", JASA 22, 1927."""
    rate, square = wins / count, WIDE**2
    middle = (rate + square / (2 * count)) / (1 + square / count)
    reach = WIDE * sqrt(rate * (1 - rate) / count + square / (4 * count**2)) / (1 + square / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def costs(facts: GateFacts) -> Measured:
    """Measure what trading cost over what a backtest takes for it."""
    row, limit = _all(facts), facts.settings.slippage_factor
    words = f"at most {limit:g} times"
    if row is None:
        return unknown(words, "no trade was closed")
    assumed = float(row.fees_assumed) + float(row.slippage_assumed)
    if not assumed:
        return unknown(words, "the settings assume no costs, or are not known")
    times = (float(row.fees) + float(row.slippage)) / assumed
    why = f"fees {row.fees} of {row.fees_assumed}, slippage {row.slippage} of {row.slippage_assumed}"
    return passed(f"{times:.2f} times", words, holds=times <= limit, why=why)


def _all(facts: GateFacts) -> CostRow | None:
    return next((each for each in facts.report.costs if not each.symbol), None)


def twin(facts: GateFacts) -> Measured:
    """Measure the share of trades that are the backtest's own, or whose difference has a cause."""
    beside, limit = facts.report.twin, facts.settings.explained
    words = f"at least {limit:.0%}"
    if beside.why_not or not beside.pairs:
        return unknown(words, beside.why_not or "neither side closed a trade")
    share = 1 - beside.unexplained / len(beside.pairs)
    apart = [f"{name} ({count})" for name, count in beside.reasons.items()]
    both = f"{beside.matched} of {len(beside.pairs)} in both, {beside.identical} identical"
    why = "; ".join([both, *apart])
    return passed(f"{share:.0%}", words, holds=share >= limit, why=why)


def out_of_sample(facts: GateFacts) -> Measured:
    """Measure what the backtest earned on the same candles: nobody had seen them when the rules were set."""
    beside, words = facts.report.twin, "above 0"
    if beside.why_not:
        return unknown(words, beside.why_not)
    value = f"{beside.backtest_pnl} {facts.report.quote or ''}".strip()
    if beside.backtest_trades < facts.settings.trades:
        return unknown(words, f"{beside.backtest_trades} trades, least {facts.settings.trades}", value)
    return passed(value, words, holds=float(beside.backtest_pnl) > 0)


def deflated_sharpe(facts: GateFacts) -> Measured:
    """Return the deflated Sharpe ratio of the parameters' search; without one, that of the period."""
    limit, power = facts.settings.deflated_sharpe, "the likelihood that it is no luck of the search"
    words = f"at least {limit:g}"
    searched = {name: each for name, each in facts.evidence.items() if each is not None}
    known = [each.deflated_sharpe for each in searched.values() if each.deflated_sharpe is not None]
    if searched and len(known) < len(searched):
        return unknown(words, "a study did not work it out", power=power)
    if not searched and facts.deflated is None:
        return unknown(words, "no search is on record, and the days are too few", power=power)
    value = min(known) if known else facts.deflated or 0.0
    why = f"of {sum(each.trials for each in searched.values())} trials" if known else "no search is on record"
    if value >= limit:
        return passed(f"{value:.2f}", words, holds=True, why=why, power=power)
    # What a search found may be luck: no proof against it either.
    return Measured(f"{value:.2f}", words, RuleStanding.WEAK, why, power)


def overfitting(facts: GateFacts) -> Measured:
    """Return the probability of backtest overfitting of the search behind the parameters."""
    limit = facts.settings.pbo
    words, power = f"at most {limit:g}", "how often the best in sample was below the median out of sample"
    searched = {name: each for name, each in facts.evidence.items() if each is not None}
    forced = [name for name, each in facts.evidence.items() if each is None]
    if forced:
        return unknown(words, f"{', '.join(forced)}: set without evidence", power=power)
    if not searched:
        return passed("no search", words, holds=True, why="one parameter set cannot be overfit by a search")
    known = {name: each.pbo for name, each in searched.items() if each.pbo is not None}
    if len(known) < len(searched):
        return unknown(words, "a study did not work it out: agent walk-forward does", power=power)
    worst = max(known, key=lambda name: known[name])
    return passed(f"{known[worst]:.2f}", words, holds=known[worst] <= limit, why=f"of {worst}", power=power)
