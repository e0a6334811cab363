"""The work of `agent pairs`."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from agent.account.client import AccountClient
from agent.answers.pairs import CandidateRow, PairListAnswer
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.folding import FoldSettings
from agent.settings.load import load
from agent.views.pairs import of_fold, of_list
from domain.errors import BadInput, VenueFault
from domain.events import PairsListed
from perception.pairs.filters import listed

DOES_NOT_STAND = 1


def show_pairs(home: Path | None, journal: str | None, *, json: bool) -> None:
    """Print the list in force of a journal's last session; exit 1 where it does not stand."""
    client = AccountClient(home_of(home), journal)
    folded = client.folded()
    _told(of_fold(client.name, folded.state.pairs), folded.options, json=json)


def refuse_mixed(*, ask: bool, config: Path | None, journal: str | None) -> None:
    """Raise BadInput for an option that would change nothing."""
    if ask and journal is not None:
        raise BadInput(
            f"--journal {journal}: the exchange is asked by the settings, not by a journal; "
            "leave --journal out, or --ask"
        )
    if not ask and config is not None:
        raise BadInput(
            f"--config {config}: the list in force is the journal's; leave --config out, or add --ask"
        )


def ask_exchange(config: Path | None, home: Path | None, *, json: bool) -> None:
    """Print the list as the exchange would have it now. Raises BadInput without one, VenueFault."""
    from agent import wiring

    options = load({"home": home}, config)
    settings = options.pairlist
    if settings.source != "exchange":
        raise BadInput(
            f"pairlist.source is {settings.source}: only with exchange there is somebody to ask "
            "(--ask); without it the list in force is shown"
        )
    clock = SystemClock()
    with closing(wiring.exchange_pairs(options, clock, home_of(home).root)) as source:
        now = clock.now()
        try:
            measures = source.measures(options.symbols, now)
        except VenueFault as fault:
            raise VenueFault(
                f"{source.name} could not be asked for its tickers: {fault}. Try again, or see to "
                "binance.base_url (exchange.base_url where it is traded); agent pairs shows the list in force"
            ) from fault
        pairs = listed(measures, settings)
    current = PairsListed(now, source.name, pairs, now)
    off = {each.symbol: each.off for each in pairs if each.off is not None}
    _told(of_list(current, pairs, off, None), options, json=json)


def _told(report: PairListAnswer, settings: FoldSettings, *, json: bool) -> None:
    report = replace(report, warnings=settings.pairlist.without_effect(len(settings.symbols)))
    answer(report, pair_lines, json=json)
    if report.source != "off" and (report.fault or report.stale or report.measured_at is None):
        sys.exit(DOES_NOT_STAND)


def pair_lines(report: PairListAnswer) -> Iterator[str]:
    """Yield a pair list as people read it."""
    yield from (f"warning   {each}" for each in report.warnings)
    if report.source == "off":
        yield "pairs     no pair list: every symbol may be entered (pairlist.source is off)"
        return
    measured = "never yet" if report.measured_at is None else f"{report.measured_at:%Y-%m-%dT%H:%M:%SZ}"
    yield f"pairs     by {report.source}, measured {measured}"
    if report.fault:
        yield f"fault     {'too old to stand' if report.stale else 'not refreshed'}: {report.fault}"
    for each in report.pairs:
        yield f"{'in ' if each.listed else 'out'}       {each.symbol:<12} {'; '.join(_facts(each))}"


def _facts(each: CandidateRow) -> Iterator[str]:
    if each.why:
        yield each.why
    if each.volume is not None:
        yield f"volume {each.volume:.10g} (place {each.rank})"
    if each.age_days is not None:
        yield f"{each.age_days:.4g} days old"
    if each.spread_bp is not None:
        yield f"spread {each.spread_bp:.3g} bp"
    if each.volatility is not None:
        yield f"range {each.volatility:.3g} %"
