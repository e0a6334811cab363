"""The whole walk, over processes: `python -m tests.law [--sample] [WORD]`, of facts that hold the word."""

import collections
import multiprocessing
import sys
import tempfile
import warnings
from pathlib import Path

from tests.law.case import Case
from tests.law.scenario import Start, begin
from tests.law.walk import every_case, every_file, facts_of, sample, walked

START: list[Start] = []


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def prepared(folder: str) -> None:
    """Give a process an account of its own."""
    warnings.simplefilter("ignore", DeprecationWarning)
    START[:] = [begin(Path(tempfile.mkdtemp(dir=folder)))]


def judged(case: Case) -> tuple[Case, list[str]]:
    return case, walked(START[0], case)


def main(word: str, *, some: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="boyd-law-") as name:
        prepared(name)
        facts = facts_of(START[0], Path(name))
        walk = [*(sample if some else every_case)(facts), *every_file(START[0], Path(name))]
        cases = [case for case in walk if word in str(case)]
        say(f"{len(facts)} facts, {len(cases)} runs")
        broken: collections.Counter[str] = collections.Counter()
        with multiprocessing.get_context("fork").Pool(initializer=prepared, initargs=(name,)) as pool:
            for case, wrong in pool.imap_unordered(judged, cases, chunksize=4):
                if wrong:
                    broken[str(case.fact)] += 1
                    say(f"BROKEN  {case}: {' | '.join(wrong)}")
    say(f"{sum(broken.values())} of {len(cases)} runs against the law, {len(broken)} ways")
    return bool(broken)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--sample"]
    sys.exit(main(words[0] if words else "", some="--sample" in sys.argv))
