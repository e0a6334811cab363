"""Writes the state diagram of docs/architecture.md from the machine's table."""

import re
from pathlib import Path

from agent.machine import mermaid

PAGE = Path(__file__).with_name("architecture.md")


def main() -> None:
    """Replace the diagram in the page."""
    text = PAGE.read_text()
    drawn = f"```mermaid\n{mermaid()}\n```"
    PAGE.write_text(re.sub(r"```mermaid\n.*?\n```", lambda _match: drawn, text, count=1, flags=re.DOTALL))


if __name__ == "__main__":
    main()
