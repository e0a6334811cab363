"""Writes the state diagrams of docs/architecture.md from the tables of the machine and of the orders."""

import re
from pathlib import Path

from agent.loop.machine import mermaid
from domain import order_table

PAGE = Path(__file__).with_name("architecture.md")


def drawn(text: str) -> str:
    """Return the page with its diagrams as the tables have them, in this order."""
    diagrams = iter((mermaid(), order_table.mermaid()))
    return re.sub(
        r"```mermaid\n.*?\n```", lambda _: f"```mermaid\n{next(diagrams)}\n```", text, flags=re.DOTALL
    )


def main() -> None:
    """Replace the diagrams in the page."""
    PAGE.write_text(drawn(PAGE.read_text()))


if __name__ == "__main__":
    main()
