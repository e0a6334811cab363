"""What only a running agent's process knows: how long its cycles take, and its orders to the wire."""

from agent.host.stopwatch import BOUNDS, Stopwatch
from domain.events import OrderReported
from domain.order import OrderStatus
from tests.agent.world import World, wave


def test_a_duration_is_counted_in_the_smallest_class_that_holds_it() -> None:
    watch = Stopwatch()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] * 2):
        watch.note(seconds)
    assert watch.counts[:2] == [2, 1]
    assert watch.counts[-2:] == [1, 1]
    assert sum(watch.counts) == 5
    assert watch.seconds == sum((0.0, BOUNDS[0], BOUNDS[0] * 1.01, BOUNDS[-1], BOUNDS[-1] * 2))


def test_every_cycle_is_timed_and_every_order_that_was_handed_to_the_platform() -> None:
    world = World(wave(300))
    world.run()
    session = world.session
    reports = [each.receipt for each in world.events if isinstance(each, OrderReported)]
    sent = {each.client_id for each in reports if each.status is not OrderStatus.UNSENT}
    assert sum(session.watch.counts) == session.done == 300
    assert 0 < sum(session.cycle.executor.watch.counts) <= len(sent)
    entries = {each.client_id for each in reports if each.client_id.endswith("-0")}
    assert sum(session.cycle.executor.watch.counts) >= len(entries)


class Broken(Stopwatch):
    """A stopwatch that counts nothing, and raises."""

    def note(self, seconds: float) -> None:
        raise ZeroDivisionError(seconds)


def test_a_stopwatch_that_fails_stops_no_order_and_no_cycle() -> None:
    sound, world = World(wave(300)), World(wave(300))
    world.session.watch, world.session.cycle.executor.watch = Broken(), Broken()
    sound.run()
    world.run()
    assert world.session.done == 300
    assert world.events == sound.events
