"""The work of `agent forecasts`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from agent.account.client import AccountClient
from agent.answers.forecasts import ForecastsAnswer, VoiceForecasts
from agent.cli.options import home_of
from agent.cli.output.streams import answer
from domain.errors import BadInput
from learning.scores import Bin

WIDTH = 20


def show_forecasts(home: Path | None, journal: str | None, voices: Sequence[str], *, json: bool) -> None:
    """Print forecasts by voice. Raises BadInput for a voice that forecast nothing."""
    answer(_of(AccountClient(home_of(home), journal).forecasts(), voices), forecast_lines, json=json)


def _of(report: ForecastsAnswer, voices: Sequence[str]) -> ForecastsAnswer:
    known = {each.voice for each in report.voices}
    strange = sorted(set(voices) - known)
    if strange:
        named = ", ".join(sorted(known)) or "none yet"
        raise BadInput(
            f"voice {', '.join(strange)} forecast nothing in {report.journal}; those that did: {named}"
        )
    kept = [each for each in report.voices if not voices or each.voice in voices]
    return msgspec.structs.replace(report, voices=kept)


def forecast_lines(report: ForecastsAnswer) -> Iterator[str]:
    """Yield forecasts as people read them: each voice's scores, then its bins, said against come."""
    yield f"journal   {report.journal}, row {report.seq}"
    if not report.voices:
        yield "forecasts none yet: each entry that is judged is one of every voice that spoke"
    for each in report.voices:
        yield from _voice(each)


def _voice(each: VoiceForecasts) -> Iterator[str]:
    name = f"{each.voice} {each.identity[:12]}".rstrip()
    late = f", {each.retrospective} retrospective left out" if each.retrospective else ""
    counts = f"{each.count} outcomes ({each.trades} trades, {each.vetoes} vetoes), {each.open} open"
    yield f"voice     {name}: {counts}{late}"
    if each.count:
        yield (
            f"  scores  Brier {_plain(each.brier)} (base rate {_plain(each.base_brier)}), log loss "
            f"{_plain(each.log_loss)}, skill {_plain(each.skill, '+.4f')}, won "
            f"{_plain(each.base_rate, '.1%')}, mean of {each.taken} voted for "
            f"{_plain(each.mean_result, '+.3%')}"
        )
    if each.held_back:
        verb = "cost" if each.saved < 0 else "saved"
        share = f"{abs(each.saved):.3%} of an entry"
        yield f"  held    {each.held_back} entries back by itself, which {verb} {share}"
    yield from (f"  bin     {_bin(row)}" for row in each.bins)
    yield f"  means   {each.evidence}; calibrator {each.calibrator}"


def _bin(row: Bin) -> str:
    bar = "#" * round(row.won * WIDTH)
    return (
        f"said {row.probability:.0%}, came {row.won:.0%} ({row.low:.0%} to {row.high:.0%}) of {row.count:>4} "
        f"|{bar:<{WIDTH}}|"
    )


def _plain(value: float | None, shape: str = ".4f") -> str:
    return "-" if value is None else format(value, shape)
