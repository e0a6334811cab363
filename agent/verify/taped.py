"""The loop over candles of the past with advice from a tape: what a backtest with advisers is.

The two passes of `research` know no question, so here the loop itself is run, and its council asks nobody.
Each question is made as it would be asked, and its answer looked for by its digest. What the tape lacks
abstains and is counted: whoever asked for the backtest is told, and no figure comes of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace as with_

from advice.heard import not_asked
from advice.question import QuestionFacts
from advice.seat import Seat
from advice.tape import AdviceTape, Lacking, TapeKey
from agent.loop.advising import Advising
from agent.loop.session import Session
from agent.loop.turn import Turn
from agent.settings.settings import Options
from agent.verify.parity import run_loop
from agent.views.history import AccountHistory
from agent.wiring.advisers import convene, unasked
from agent.wiring.folded import Parts
from domain.advice import Advice
from domain.impact import Impacts
from research.data.candles import Candles


class TapeAdvising(Advising):
    """Answers a cycle's questions from a tape, and asks nobody."""

    def __init__(self, tape: AdviceTape, lacking: Lacking, **parts: Any) -> None:
        super().__init__(**parts)
        self.tape = tape
        self.lacking = lacking

    def __call__(self, turn: Turn) -> None:
        """Add to a turn's observations what the tape has of the entries they would lead to."""
        advice = {
            facts.symbol: tuple(self._told(seat, facts) for seat in self.council.seats.values())
            for facts in (self._wanted(turn) if self.mind.votes(turn.observations) else ())
        }
        turn.observations = [
            with_(each, advice=advice[each.symbol]) if each.symbol in advice else each
            for each in turn.observations
        ]

    def _told(self, seat: Seat, facts: QuestionFacts) -> Advice:
        question = self.council.question(seat, facts)
        key = TapeKey(seat.name, facts.symbol, facts.candle_ms, question.sha256)
        self.lacking.asked += 1
        piece = self.tape.get(key)
        if piece is not None:
            return piece
        self.lacking.missing.append(key)
        self.lacking.others += self.tape.has_another(key)
        return not_asked(seat, facts.symbol, facts.candle_ms, "the tape has no answer")


def run_taped(
    options: Options,
    candles: Sequence[Candles],
    tape: AdviceTape,
    tick: Callable[[int], None] = lambda _cycle: None,
    impacts: Impacts | None = None,
    beside: Sequence[Candles] = (),
) -> tuple[AccountHistory, Lacking]:
    """Run the loop over candles with a tape's advice; return what came of it, and what the tape lacks."""
    history, lacking = AccountHistory(), Lacking()

    def begin(session: Session, parts: Parts) -> None:
        session.listeners.append(history.take)
        council = unasked(parts.options, session.inbox.clock)
        convene(session, parts, council, lambda **rest: TapeAdvising(tape, lacking, **rest))

    run_loop(options, candles, tick, begin, impacts, beside=beside)
    return history, lacking
