"""The whole walk, over processes: `python -m tests.law [--sample] [--cases N --seed S] [WORD]`.

A word leaves the facts that hold it, `--cases` as many runs, drawn by the seed. Ctrl-C ends it and says how
many were done.
"""

import argparse
import collections
import multiprocessing
import random
import signal
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


def at_work(folder: str) -> None:
    """Begin a process: Ctrl-C is for the one that asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepared(folder)


def judged(case: Case) -> tuple[Case, list[str]]:
    return case, walked(START[0], case)


def main(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="boyd-law-") as name:
        prepared(name)
        facts = facts_of(START[0], Path(name))
        walk = [*(sample if asked.sample else every_case)(facts), *every_file(START[0], Path(name))]
        cases = [case for case in walk if asked.word in str(case)]
        random.Random(asked.seed).shuffle(cases)
        cases = cases[: asked.cases or None]
        say(f"{len(facts)} facts, {len(cases)} of {len(walk)} runs")
        broken: collections.Counter[str] = collections.Counter()
        done = 0
        with multiprocessing.get_context("fork").Pool(initializer=at_work, initargs=(name,)) as pool:
            try:
                for case, wrong in pool.imap_unordered(judged, cases, chunksize=4):
                    done += 1
                    if wrong:
                        broken[str(case.fact)] += 1
                        say(f"BROKEN  {case}: {' | '.join(wrong)}")
            except KeyboardInterrupt:
                say("stopped")
            say(f"{sum(broken.values())} of {done} runs against the law, {len(broken)} ways")
    return 1 if broken else 130 if done < len(cases) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.law", description=__doc__)
    parser.add_argument("word", nargs="?", default="", help="of facts whose name holds it")
    parser.add_argument("--sample", action="store_true", help="what CI walks: every fact and route once")
    parser.add_argument("--cases", type=int, default=0, help="so many; 0 walks all")
    parser.add_argument("--seed", type=int, default=0, help="which cases come first")
    sys.exit(main(parser.parse_args()))
