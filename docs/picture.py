"""Draws docs/run.svg: the live view of a run, as a terminal of 80 columns shows it.

Plays the simulated market, in a temporary home, until a trade is closed and another position is open.
"""

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console

from agent.account.opened import OpenedAccount
from agent.cli.output.live import LiveScreen
from agent.settings.given import Settings
from domain.events import CycleEnded, Event

TARGET = Path(__file__).with_name("run.svg")
CYCLES = 2_000


def main() -> None:
    """Run and draw."""
    console = Console(record=True, width=80, height=24, file=io.StringIO())
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home), provider="simulated", speed="max", cycles=CYCLES)
        with OpenedAccount(settings) as launch:
            screen = LiveScreen(launch)
            screen.console = console

            def look(event: Event) -> None:
                status = launch.present.status()
                if isinstance(event, CycleEnded) and status["positions"] and status["account"]["trades"]:
                    console.print(screen.render())
                    launch.inbox.stop()

            launch.session.listeners += [screen.event, look]
            launch.run()
    # The picture fetches nothing: rich's web fonts are taken out, the reader's monospace serves.
    svg = re.sub(
        r"@font-face \{.*?\}", "", console.export_svg(title="agent run --mode paper"), flags=re.DOTALL
    )
    TARGET.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
