"""`agent report`: a paper or live run as one page, or its figures."""

from pathlib import Path

from agent.cli.options import home_of, say, say_json
from agent.cli.targets import writable
from agent.cli.trades import history_of
from agent.offline import Reader
from agent.recorded_options import lenient
from domain.errors import BadInput


def write_report(
    home: Path | None, journal: str | None, session: int | None, out: Path | None, *, json: bool
) -> None:
    """Write the page of a run to a file, or print its figures."""
    from agent.session_report import page, result_of  # NumPy: for this command alone
    from research.metrics import metrics

    reader = Reader(home_of(home), journal)
    target = out or Path(f"{reader.name}-report.html")
    if not json:
        writable("--out", target)
    history = history_of(reader, session, candles=True)
    if history.started is None:
        raise BadInput("the journal holds no session yet")
    options = lenient(history.started, run_own=False)
    if json:
        result = result_of(history, options)
        say_json({"journal": reader.name, "sessions": history.sessions, "figures": metrics(result).plain()})
        return
    asked = "" if session is None else f" --session {session}"
    text, result, figures = page(
        history, options, reader.name, f"agent report --journal {reader.name}{asked}"
    )
    target.write_text(text, encoding="utf-8")
    earned = "n/a" if figures.total_return is None else f"{figures.total_return:+.2%}"
    say(f"written to {target}: {result.cycles} cycles, {len(result.trades)} trades, return {earned}")
