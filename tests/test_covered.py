"""The gate of coverage adds up a room's files and names the rooms that reach less than was asked."""

import json
from pathlib import Path

from scripts.covered import FLOORS, Reached, below, reached


def test_files_are_added_up_by_room_and_a_room_below_its_floor_is_named(tmp_path: Path) -> None:
    def file(*counts: int) -> dict[str, dict[str, int]]:
        names = ("covered_lines", "num_statements", "covered_branches", "num_branches")
        return {"summary": dict(zip(names, counts, strict=True))}

    files = {
        "risk/a.py": file(10, 10, 3, 4),
        "risk/b/c.py": file(80, 90, 6, 6),
        "domain/d.py": file(5, 5, 0, 0),
    }
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}))
    rooms = reached(report)
    assert rooms == {"risk": Reached(90, 100, 9, 10), "domain": Reached(5, 5, 0, 0)}
    assert (rooms["risk"].both, rooms["risk"].of_branches) == (90.0, 90.0)
    assert below(rooms) == ["risk", "journal", "learning"]
    assert below(dict.fromkeys(FLOORS, Reached(1, 1, 1, 1))) == []
