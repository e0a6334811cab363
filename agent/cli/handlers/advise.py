"""The work of `agent advise`."""

import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from advice.tape import AdviceTape, written
from agent.account.client import AccountClient
from agent.answers.advice import TapeAnswer
from agent.cli.handlers.inputs import ResearchRequest, gather
from agent.cli.handlers.targets import writable
from agent.cli.options import home_of
from agent.cli.output.progress import progress_bar
from agent.cli.output.streams import answer
from agent.host.clock import SystemClock
from agent.settings.recorded import options_of
from agent.verify.asked_past import ask_past
from agent.wiring.advisers import council
from domain.advice import Advice, usd
from domain.errors import BadInput
from domain.events import CycleDecided, Event, SessionStarted
from edge.files import write_whole
from journal.sql import open_journal

NAME = "advise"
"""Name of the journal of what was asked about candles of the past."""


def export(home: Path | None, journal: str | None, out: Path, *, json: bool) -> None:
    """Write the advice that a journal's cycles heard. Raises BadInput where there is none."""
    writable("--out", out)
    client = AccountClient(home_of(home), journal)
    timeframes: set[int] = set()
    with client.resting() as records:
        pieces = tuple(_heard((row.event for row in records.rows()), timeframes))
    if not pieces:
        raise BadInput(f"journal {client.name} holds no advice: name another --journal, or --candles")
    if len(timeframes) > 1:
        lengths = ", ".join(f"{each // 1000} s" for each in sorted(timeframes))
        raise BadInput(f"journal {client.name} has advice on candles of {lengths}; a tape is of one length")
    _write(AdviceTape(timeframes.pop(), pieces), out, 0, json=json)


def _heard(events: Iterable[Event], timeframes: set[int]) -> Iterator[Advice]:
    timeframe = 0
    for event in events:
        if isinstance(event, SessionStarted):
            timeframe = options_of(event).timeframe_ms
        elif isinstance(event, CycleDecided):
            for observation in event.observations:
                for piece in observation.advice:
                    if piece.question_sha256:
                        timeframes.add(timeframe)
                        yield piece


def ask(asked: ResearchRequest, out: Path, *, json: bool) -> None:
    """Ask the advisers of the settings about candles of the past, under the caps, and write the tape."""
    writable("--out", out)
    options, candles, _, beside = gather(asked)
    clock, home = SystemClock(), home_of(asked.home)
    members = council(options, clock)
    if members is None:
        raise BadInput("advice.advisers is empty: name whom to ask in the settings, and of which model")
    home.make()
    lock = home.lock(NAME)
    try:
        journal = open_journal(home.root / f"{NAME}.db", secrets.token_hex(6))
        try:
            with progress_bar("asking", sum(len(each) for each in candles)) as advance:
                tape, spend = ask_past(options, candles, members, journal, advance, beside)
        finally:
            journal.close()
    finally:
        lock.release()
    _write(tape, out, spend.total.micro_usd, json=json)


def _write(tape: AdviceTape, out: Path, micro_usd: int, *, json: bool) -> None:
    write_whole(out, written(tape), mode=0o666, durable=False)
    report = TapeAnswer(
        tape=str(out),
        pieces=len(tape.pieces),
        retrospective=tape.retrospective,
        advisers=sorted({key.adviser for key in tape.pieces}),
        symbols=sorted({key.symbol for key in tape.pieces}),
        spent_usd=usd(micro_usd),
    )
    answer(report, _lines, json=json)


def _lines(report: TapeAnswer) -> Iterator[str]:
    yield f"tape       {report.tape}: {report.pieces} pieces of advice"
    yield f"of         {', '.join(report.advisers)} on {', '.join(report.symbols)}"
    if report.retrospective:
        yield f"label      {report.retrospective} RETROSPECTIVE: the outcome could be known, no evidence"
    if report.spent_usd != usd(0):
        yield f"spent      {report.spent_usd} USD on candles of the past, by all such runs of this home"
