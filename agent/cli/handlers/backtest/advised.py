"""A backtest that hears a tape of advice: the loop itself is run, and nobody is asked."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from advice.tape import AdviceTape, read
from agent.cli.output.progress import progress_bar
from agent.explain.session_report import told_of
from agent.settings.settings import Options
from agent.verify.taped import run_taped
from domain.errors import BadInput
from domain.impact import Impacts
from research.data.candles import Candles
from research.engine.result import Result

LARGEST = 256 * 1024 * 1024


def advised(
    options: Options,
    candles: Sequence[Candles],
    path: Path,
    impacts: Impacts,
    beside: Sequence[Candles] = (),
) -> tuple[Result, list[str]]:
    """Return what a backtest with a tape's advice comes to, and what is to be said about the advice.

    Raises BadInput for a tape that cannot be read, is of other candles or advisers, that holds what a model
    may have known, or lacks an answer to any question.
    """
    tape = tape_of(path)
    if tape.timeframe_ms != options.timeframe_ms:
        raise BadInput(
            f"--advice {path}: it is of candles of {tape.timeframe_ms // 1000} s, "
            f"not of {options.timeframe_ms // 1000} s"
        )
    tape = tape.ruled(options.advice)
    with progress_bar("running the loop", sum(len(each) for each in candles)) as advance:
        history, lacking = run_taped(options, candles, tape, advance, impacts, beside)
    if lacking.missing:
        raise BadInput(f"--advice {lacking.told(str(path))}")
    result = replace(told_of(history, options).result, candles=candles)
    return result, [words(tape, lacking.asked)]


def tape_of(path: Path) -> AdviceTape:
    """Return the tape in a file. Raises BadInput."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"--advice {path}: it has more than {LARGEST // 2**20} MiB, which no tape has")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"--advice {path}: cannot be read: {error.strerror}") from None
    return read(content, f"--advice {path}")


def words(tape: AdviceTape, heard: int) -> str:
    """Say how much advice was heard, and that it is no evidence where it was given afterwards."""
    names = ", ".join(sorted({key.adviser for key in tape.pieces})) or "nobody"
    if not tape.retrospective:
        return f"{heard} pieces of {names}, each given within the deadline after its candle closed"
    return (
        f"RETROSPECTIVE ADVICE: {tape.retrospective} of {len(tape.pieces)} pieces of {names} were given when "
        "the outcome could be known; this backtest is no evidence"
    )
