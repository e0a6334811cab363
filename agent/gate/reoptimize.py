"""Other parameters for a strategy: searched on the candles the account saw, and refuted on those since.

A search sees seven tenths of the candles and is judged on the rest; what it proposes is put in force only on
the evidence that `agent params apply` asks for. Once in force it is held against the parameters before it, on
candles that neither had seen: where it earned less, it is refuted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import structs

from agent.answers.gate import ReoptimizedRow
from agent.parameters.evidence import EvidenceFile, Present
from agent.parameters.versions import plain, shortfalls
from agent.reports.backtested import cut, setup_of, warmup_of
from agent.reports.candles import markets
from agent.reports.period import ReportPeriod, Span, span_of
from agent.reports.report import Reported
from agent.reports.seen import Rules
from agent.reports.twin import grids_of, with_warmup
from agent.settings.upkeep.gate import GateSettings
from domain.errors import BadInput
from domain.events import ParametersSet
from domain.times import millis
from journal.history import History
from reasoning.kernels.strategy import Strategy, StrategyParams
from reasoning.strategies.registry import STRATEGIES
from research.data.candles import Candles
from research.engine.backtest import backtest
from research.engine.compiler import compiled
from research.engine.compiler import plain as uncompiled
from research.search.optimise import Studied, optimise
from research.search.space import space_of
from research.search.study import Search
from research.search.sweep import Job
from research.statistics.ratios import LEAST_DAYS

BY = "reoptimize"
FEW = 2_000_000
"""Candles times trials up to which plain Python is done before machine code would be ready."""

KEPT, OFFERED, APPLIED, WAITING, CONFIRMED, ROLLED_BACK = (
    "kept",
    "offered",
    "applied",
    "waiting",
    "confirmed",
    "rolled back",
)


class SearchedAccount(NamedTuple):
    """An account as it is searched: its candles with their warm-up, its rules, its parameter versions."""

    period: ReportPeriod
    rules: Rules
    candles: list[Candles]
    versions: Sequence[ParametersSet]


class Found(NamedTuple):
    """A proposal for a strategy, with its evidence where a search was made."""

    row: ReoptimizedRow
    evidence: EvidenceFile | None = None
    back_to: int | None = None


def known(records: History, done: Reported) -> SearchedAccount:
    """Return what a report's account saw. Raises BadInput where nothing was seen."""
    rules = done.lived.seen.rules
    if not rules:
        raise BadInput("the last session's settings are of another version: nothing can be searched")
    period, last = ReportPeriod(done.answer.since, done.answer.until), rules[-1]
    span: Span = with_warmup(records, period, span_of(records, period), last)
    result = markets(records, span, last.options.timeframe_ms, grids_of(rules))
    candles = [
        result[name].candles for name in last.options.symbols if name in result and name in last.instruments
    ]
    if not candles:
        raise BadInput("no candle was seen in the period")
    return SearchedAccount(period, last, candles, done.lived.state.versions)


def present_of(account: SearchedAccount, strategy: Strategy[Any]) -> StrategyParams:
    """Return the parameters a strategy has now."""
    given = account.rules.parameters.get(strategy.name)
    if given is None:
        return account.rules.options.reasoning.params(strategy.name)
    return strategy.params.model_validate(given)


def considered(
    account: SearchedAccount, name: str, settings: GateSettings, study: "Study", done: Callable[[int], None]
) -> Found:
    """Return what is to be done about one strategy: a new version is tested first, else others are sought."""
    strategy = STRATEGIES[name].at(account.rules.options.timeframe_ms)
    version = on_trial(account, name)
    if version is None:
        return searched(account, strategy, settings, study, done)
    first = tried(account, version, settings)
    if first.row.did != CONFIRMED:
        return first
    result = searched(account, strategy, settings, study, done)
    return first if result.row.did == KEPT else result


def on_trial(account: SearchedAccount, name: str) -> ParametersSet | None:
    """Return the version a strategy has by a search of ours that nothing has confirmed yet; None without."""
    latest = next((each for each in reversed(account.versions) if each.strategy == name), None)
    if latest is None or latest.by != BY or latest.rolled_back_to is not None or latest.evidence is None:
        return None
    return latest


def tried(account: SearchedAccount, version: ParametersSet, settings: GateSettings) -> Found:
    """Hold a version against the parameters before it, on the candles since it came into force."""
    strategy = STRATEGIES[version.strategy].at(account.rules.options.timeframe_ms)
    before = version.evidence.present if version.evidence else {}
    row = ReoptimizedRow(
        strategy=version.strategy,
        did=WAITING,
        why="",
        present=version.parameters,
        proposed=before,
        version=version.version,
    )
    days, least = (account.period.until - version.at).total_seconds() / 86_400, settings.refute_trades
    if days < settings.refute_days:
        return Found(structs.replace(row, why=f"{days:.1f} days in force, least {settings.refute_days:g}"))
    try:
        new = _earned(account, strategy, version.parameters, version.at)
        old = _earned(account, strategy, before, version.at)
    except BadInput as refused:
        return Found(structs.replace(row, did=WAITING, why=f"the candles since cannot be tried: {refused}"))
    trades = new.trades + old.trades
    if trades < least:
        return Found(structs.replace(row, why=f"{trades} trades of both on the candles since, least {least}"))
    text = f"on {days:.0f} days since it earned {new.share:+.2%}, those before it {old.share:+.2%}"
    if new.share < old.share:
        return Found(
            structs.replace(row, did=ROLLED_BACK, why=f"refuted: {text}"), back_to=_before(account, version)
        )
    return Found(structs.replace(row, did=CONFIRMED, why=text))


def _before(account: SearchedAccount, version: ParametersSet) -> int:
    """Return the version a strategy had before one: 0 for the settings' own."""
    earlier = [each for each in account.versions if each.strategy == version.strategy]
    rest = [each for each in earlier if each.version < version.version]
    if not rest:
        return 0
    return rest[-1].version if rest[-1].rolled_back_to is None else rest[-1].rolled_back_to


class Earned(NamedTuple):
    """A backtest's outcome: its return as a fraction, and its closed trades."""

    share: float
    trades: int


def _earned(
    account: SearchedAccount, strategy: Strategy[Any], values: Mapping[str, Any], since: datetime
) -> Earned:
    parameters = {**account.rules.parameters, strategy.name: values}
    rules = account.rules._replace(parameters=parameters)
    warmup = max(warmup_of(rules), warmup_of(account.rules))
    end = millis(account.period.until)
    series = [cut(each, millis(since) + 1, end, warmup) for each in account.candles]
    setup = setup_of(rules, [each.symbol for each in series], warmup)
    few = sum(map(len, series)) <= FEW
    result = backtest(series, setup, uncompiled() if few else compiled())
    return Earned(float(result.equity[-1]) / result.opening_cash - 1, len(result.trades))


class Study(NamedTuple):
    """A search's name, and the storage it is kept in."""

    name: str
    storage: str


def searched(
    account: SearchedAccount,
    strategy: Strategy[Any],
    settings: GateSettings,
    study: Study,
    done: Callable[[int], None],
) -> Found:
    """Search other parameters for a strategy; offered is what its evidence is enough for."""
    present = present_of(account, strategy)
    names = account.rules.options.reasoning.strategies
    trials, count = settings.reoptimize_trials, sum(map(len, account.candles))
    row = ReoptimizedRow(strategy=strategy.name, did=KEPT, why="", present=plain(present), study=study.name)
    try:
        setup = setup_of(account.rules, [each.symbol for each in account.candles], warmup_of(account.rules))
        job = Job(account.candles, setup, names.index(strategy.name), machine=count * trials > FEW)
        search = Search(space_of(strategy, [], present), present, study.name, study.storage, trials)
        studied = optimise(job, search, done)
    except BadInput as refused:
        return Found(structs.replace(row, did=KEPT, why=f"no search: {refused}"))
    proof = _evidence(account, strategy, present, study, studied)
    row = structs.replace(
        row,
        proposed=dict(studied.best.parameters),
        present_sharpe=studied.present[1].sharpe,
        proposed_sharpe=studied.outside.sharpe,
    )
    if studied.outside.days < LEAST_DAYS:
        why = f"{studied.outside.days} days out of sample, least {LEAST_DAYS}: no Sharpe ratio is judged"
        return Found(structs.replace(row, did=KEPT, why=why), proof)
    lacking = shortfalls(proof, strategy, present)
    if dict(studied.best.parameters) == plain(present):
        return Found(structs.replace(row, did=KEPT, why="the search found the parameters in force"), proof)
    if lacking:
        return Found(structs.replace(row, did=KEPT, why="; ".join(lacking)), proof)
    new, old = proof.out_of_sample_sharpe, proof.present.out_of_sample_sharpe
    gain = f"out-of-sample Sharpe ratio {new:.2f}, in force {old:.2f}"
    return Found(structs.replace(row, did=OFFERED, why=gain), proof)


def _evidence(
    account: SearchedAccount, strategy: Strategy[Any], present: StrategyParams, study: Study, studied: Studied
) -> EvidenceFile:
    inside, outside = studied.inside.sharpe or 0.0, studied.outside.sharpe or 0.0
    before = [each.sharpe or 0.0 for each in studied.present]
    return EvidenceFile(
        strategy=strategy.name,
        parameters=dict(studied.best.parameters),
        data_fingerprint=",".join(each.fingerprint for each in account.candles),
        in_sample_sharpe=inside,
        out_of_sample_sharpe=outside,
        present=Present(
            parameters=plain(present), in_sample_sharpe=before[0], out_of_sample_sharpe=before[1]
        ),
        trials=max(1, studied.counts["complete"] + studied.counts["pruned"]),
        deflated_sharpe=studied.deflated,
        pbo=None,
        source=f"study {study.name}",
    )
