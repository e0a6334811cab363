"""No sequence of entries, exits, price moves and days takes an approval past a limit."""

import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.risk.cases import INSTRUMENTS
from tests.risk.world import Want, World

Event = Callable[[World], object]

SYMBOLS = st.sampled_from(sorted(INSTRUMENTS))
WANTS = st.builds(
    Want,
    symbol=SYMBOLS,
    confidence=st.floats(60, 100),
    stop_ppm=st.integers(1_000, 200_000),
    target_ppm=st.sampled_from([0, 0, 0, 20_000, 100_000]),
)

EVENTS: st.SearchStrategy[Event] = st.one_of(
    WANTS.map(lambda want: lambda world: world.enter(want)),
    st.builds(
        lambda symbol, ppm: lambda world: world.move(symbol, ppm), SYMBOLS, st.integers(-80_000, 80_000)
    ),
    SYMBOLS.map(lambda symbol: lambda world: world.leave(symbol)),
    st.just(World.fill),
    st.just(World.new_day),
    st.just(World.resume),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(EVENTS, max_size=60))
def test_no_sequence_of_events_passes_a_limit(events: list[Event]) -> None:
    world = World()
    for event in events:
        event(world)


def wander(world: World, seed: int, steps: int) -> None:
    """Drive a world through so many seeded events, trades as likely as moves."""
    chance = random.Random(seed)
    symbols = sorted(INSTRUMENTS)
    for _ in range(steps):
        symbol, event = chance.choice(symbols), chance.random()
        if event < 0.35:
            stop = chance.choice([5_000, 30_000, 60_000, 120_000])
            target = chance.choice([0, 0, 0, stop])
            world.enter(Want(symbol, chance.uniform(60, 100), stop, target))
        elif event < 0.60:
            world.move(symbol, chance.randint(-40_000, 40_000))
        elif event < 0.75:
            world.fill()
        elif event < 0.90:
            world.leave(symbol)
        elif event < 0.96:
            world.new_day()
        else:
            world.resume()


def test_the_sequences_do_reach_the_limits() -> None:
    tally = World().tally
    for seed in range(25):
        world = World()
        wander(world, seed, 250)
        tally.update(world.tally)
    reached = {
        "approved",
        "kill_switch_active",
        "daily_loss_limit_exceeded",
        "max_drawdown",
        "class_drawdown",
        "max_position_limit_reached",
        "duplicate_position",
        "cool_down_active",
        "max_trades_per_day",
        "portfolio_exposure",
        "min_confidence",
        "min_reward_risk",
        "loss_streak",
        "size_below_minimum",
    }
    assert reached <= set(tally), tally
    assert tally["approved"] > 100
