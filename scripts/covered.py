"""The test coverage of each room, branches included; a gated room below its floor fails.

The floors are what stood when they were set: what is new is tested as well as what was there. They hold for
the four rooms' own tests (`make covered`); of all tests the whole table is shown (`make coverage`).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

FLOORS = {"risk": 98.5, "domain": 77.0, "journal": 93.0, "learning": 98.5}
"""Percent of lines and branches together, by room."""
ON_A_SERVER = ("journal/postgres", "journal/server", "journal/accounts")
"""Modules left out: their tests skip where no PostgreSQL is installed."""
COUNTS = ("covered_lines", "num_statements", "covered_branches", "num_branches")


class Reached(NamedTuple):
    """The lines and branches of a room that ran, each of how many."""

    lines: int = 0
    all_lines: int = 0
    branches: int = 0
    all_branches: int = 0

    @property
    def both(self) -> float:
        """Percent of lines and branches together."""
        return 100 * (self.lines + self.branches) / max(self.all_lines + self.all_branches, 1)

    @property
    def of_branches(self) -> float:
        """Percent of branches alone."""
        return 100 * self.branches / max(self.all_branches, 1)


def reached(report: Path) -> dict[str, Reached]:
    """Return what ran by room, from coverage's JSON report."""
    rooms: dict[str, Reached] = {}
    for name, file in json.loads(report.read_text())["files"].items():
        room = Path(name).parts[0]
        if name.startswith(ON_A_SERVER):
            continue
        added = (file["summary"][key] for key in COUNTS)
        rooms[room] = Reached(*map(sum, zip(rooms.get(room, Reached()), added, strict=True)))
    return rooms


def below(rooms: dict[str, Reached]) -> list[str]:
    """Return the gated rooms whose floor is not reached."""
    return [room for room, floor in FLOORS.items() if rooms.get(room, Reached()).both < floor]


def main(words: list[str]) -> int:
    """Print the table; with `--gate` return 1 where a floor is not reached."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)], check=True)
        rooms = reached(report)
    gate = "--gate" in words
    for room, found in sorted(rooms.items()):
        asked = f"; at least {FLOORS[room]:g} % is asked" if gate and room in FLOORS else ""
        print(f"{room:<12} {found.both:5.1f} % of all, {found.of_branches:5.1f} % of branches{asked}")
    low = below(rooms) if gate else []
    if low:
        print(f"{', '.join(low)}: less is tested than was; test what is new, or take out what nobody calls")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
