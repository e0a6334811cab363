"""A rehearsal of advisers: a thousand advised cycles against a model server that fails in every way it can.

    python -m scripts.rehearse_advice --questions 2000 --seed 7

A session on a made-up market asks real HTTP advisers of `agent sandbox --model`, under caps, while every
cycle's headlines want to be orders and many answers obey them. Then four promises are judged: the spend is
what the journal's rows come to, to the micro-dollar, and inside every cap; no exit is another than without
advisers and no entry is surer; the session replays to the byte with the network forbidden; no question was
sent twice. At last its replay is timed beside that of the same market without advisers. Exit code 1 where a
promise is broken.
"""

import argparse
import sys
from collections import Counter

from scripts.rehearse_advice.judge import judged
from scripts.rehearse_advice.report import report, timed
from scripts.rehearse_advice.rig import Market, faults, run, sandbox, settings
from tests.advice.injections import HEADLINES


def main() -> None:
    """Rehearse, report and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--questions", type=int, default=2_000, help="of two advisers, a pair an advised cycle"
    )
    parser.add_argument("--cycles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--faults", type=float, default=0.02, help="share of questions that each fault strikes"
    )
    parser.add_argument("--usd", default="5", help="cap of the session and the day")
    asked = parser.parse_args()
    with sandbox(asked.seed) as server:
        server.load({"fault": faults(asked.faults)})
        advice = settings(server.base_url, asked.usd)
        advised = run(Market(asked.cycles, asked.seed), advice, asked.questions, HEADLINES)
        broken = judged(advised, advice, server)
        struck: Counter[str] = Counter()
        for each in server.faults:
            struck[each["kind"]] += each["fired"]
    plain = run(Market(advised.session.done, asked.seed), None, titles=HEADLINES)
    print("\n".join(report(advised, advice)))
    print("faults    ", ", ".join(f"{kind} {count}" for kind, count in struck.items()))
    mine, bare = timed(advised, plain)
    print(f"replay     {mine:.3f} ms a cycle, {bare:.3f} without advisers: {mine / bare:.3f}")
    print("\n".join(f"BROKEN     {words}" for words in broken) or "kept       every promise")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
