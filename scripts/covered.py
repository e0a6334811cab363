"""How much of each room its tests reach, branches included, from coverage's data; a room below its floor fails.

The floors are what stood when they were set, rounded down: what is new is to be tested as well as what is there.
They hold for the four rooms' own tests (`make covered`); of all tests the whole table is shown (`make coverage`).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

FLOORS = {"risk": 97.5, "domain": 60.0, "journal": 94.0, "learning": 98.5}
"""Percent of statements and branches, by room."""


def shares(report: Path) -> dict[str, tuple[float, float]]:
    """Return by room the percent of statements and branches that ran, and of branches alone."""
    counts: dict[str, list[int]] = {}
    for name, file in json.loads(report.read_text())["files"].items():
        summary = file["summary"]
        room = counts.setdefault(Path(name).parts[0], [0, 0, 0, 0])
        for place, key in enumerate(("covered_lines", "num_statements", "covered_branches", "num_branches")):
            room[place] += summary[key]
    return {
        room: (100 * (lines + branches) / (all_lines + all_branches or 1), 100 * branches / (all_branches or 1))
        for room, (lines, all_lines, branches, all_branches) in counts.items()
    }


def main(words: list[str]) -> int:
    """Print the table; return 1 where a floor is not reached and `--gate` is given."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        coverage = [sys.executable, "-m", "coverage", "json", "-q", "-o", str(report)]
        subprocess.run(coverage, check=True)
        found = shares(report)
    low = []
    for room, (both, branches) in sorted(found.items()):
        floor = FLOORS.get(room)
        told = f", at least {floor:g} % is asked" if floor is not None and "--gate" in words else ""
        print(f"{room:<12} {both:5.1f} % of lines and branches, {branches:5.1f} % of branches{told}")
        if told and both < (floor or 0.0):
            low.append(room)
    if low:
        print(f"less of {', '.join(low)} is tested than was: test what is new, or take out what nobody calls")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
