"""Plain lines of a run: a sale says what it earned, whoever sold, and that nothing is new is said once."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from agent.cli.output.screen import Screen
from domain.events import CycleEnded
from domain.lesson import Lesson
from tests.agent.world import World, lively, wave


class Kept(Screen):
    """A screen that keeps its lines."""

    def __init__(self, world: World, *, quick: bool) -> None:
        launch: Any = SimpleNamespace(parts=world.parts, options=world.options, quick=quick, besides=())
        super().__init__(launch)
        self.lines: list[str] = []
        world.session.listeners.append(self.event)

    def line(self, text: str) -> None:
        self.lines.append(text)


def lessons(world: World) -> list[Lesson]:
    ended = [event for event in world.events if isinstance(event, CycleEnded)]
    return [lesson for event in ended for lesson in event.lessons if lesson.kind == "trade"]


@pytest.mark.parametrize("minutes", [0, 60], ids=["bought anew in the cycle of a stop", "denied in it"])
def test_every_sale_says_what_it_earned_and_what_sold(minutes: int) -> None:
    options = lively()
    risk = options.risk.model_copy(update={"cool_down_minutes": minutes})
    world = World(wave(900, period=120, depth=8.0), options=options.model_copy(update={"risk": risk}))
    screen = Kept(world, quick=True)
    world.run()
    closed = lessons(world)
    assert {lesson.exit for lesson in closed} == {"signal", "stop"}
    sales = [line for line in screen.lines if " SELL " in line]
    assert len(sales) == len(closed)
    for line, lesson in zip(sales, closed, strict=True):
        assert line.endswith(f" USDT ({lesson.result:+.2%}) by {lesson.exit}"), line
        assert line.startswith(f"{lesson.learned_at:%Y-%m-%d %H:%M} SELL ")
        (profit,) = re.findall(r"profit ([+-]?[\d.,]+) USDT", line)
        assert float(profit) == pytest.approx(lesson.pnl / 1e8, abs=0.006)
    assert not any("profit" in line for line in screen.lines if " BUY " in line)


def test_that_no_candle_is_new_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(wave(40), options=lively(speed=None, interval_seconds=0))
    screen = Kept(world, quick=False)
    seen = world.market.observe
    count = 0

    def every_fifth(*asked: Any) -> Any:
        nonlocal count
        count += 1
        found = seen(*asked)
        return found if count % 5 == 1 else replace(found, candles=())

    monkeypatch.setattr(world.market, "observe", every_fifth)
    world.run()
    told = [line for line in screen.lines if line.startswith("cycle ")]
    quiet = ["no new candle" in line for line in told]
    assert quiet == [False, True] * 8
