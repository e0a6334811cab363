"""`make rodage`: `python -m scripts.rodage [--days 7] [--seed 1] [--keep FOLDER]`."""

import argparse
import sys
from pathlib import Path

from scripts.rodage.plan import plan_of
from scripts.rodage.run import rodage


def main() -> int:
    """Live through the days and print the verdict; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m scripts.rodage", description=__doc__)
    parser.add_argument("--days", type=int, choices=(1, 7), default=7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder in which all of it is kept (default: temporary)")
    asked = parser.parse_args()
    facts = rodage(plan_of(asked.days), asked.seed, asked.keep, lambda line: print(line, flush=True))
    verdict = facts.verdict()
    for each in verdict:
        print(f"{'kept      ' if each.kept else 'NOT KEPT  '} {each.promise}: {each.measured}")
    for line in facts.told():
        print(line)
    print(f"{asked.days} days in {facts.seconds:.0f} s, {facts.lived.killed} kills; {facts.lived.folder}")
    return 0 if all(each.kept for each in verdict) else 1


if __name__ == "__main__":
    sys.exit(main())
