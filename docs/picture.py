"""Draws docs/run.svg: the live view of a run, as a terminal shows it.

Runs the simulated market until a position is open, in a temporary home, and draws the status.
"""

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console

from agent.cli.live import draw
from agent.launch import Launch
from agent.settings import Settings
from domain.events import CycleEnded, Event

TARGET = Path(__file__).with_name("run.svg")
CYCLES = 2_000


def main() -> None:
    """Run and draw."""
    console = Console(record=True, width=108, file=io.StringIO())
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), provider="simulated", speed="max", cycles=CYCLES)
        with Launch(settings) as launch:
            drawn: list[object] = []

            def look(event: Event) -> None:
                status = launch.status()
                if isinstance(event, CycleEnded) and status["positions"] and not drawn:
                    drawn.append(status)
                    console.print(draw(status, []))

            launch.session.listeners.append(look)
            launch.run()
    # The picture fetches nothing: rich's web fonts are taken out, the reader's monospace serves.
    svg = re.sub(
        r"@font-face \{.*?\}", "", console.export_svg(title="agent run --mode paper"), flags=re.DOTALL
    )
    TARGET.write_text(svg)


if __name__ == "__main__":
    main()
