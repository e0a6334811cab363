"""The machine: only the table's arrows, and an illegal trigger changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import Machine, MachineError

from agent.loop.machine import IDLE, LEARNING, STATES, TABLE, TRIGGERS, LoopMachine
from domain.errors import IllegalTransition

ALLOWED = {(arrow.source, arrow.trigger): arrow.dest for arrow in TABLE}


@given(st.lists(st.sampled_from([*TRIGGERS, "to_IDLE", "state", ""]), max_size=60))
def test_any_triggers_follow_the_table_or_raise_and_change_nothing(triggers: list[str]) -> None:
    machine = LoopMachine()
    state = IDLE
    for trigger in triggers:
        path = list(machine.path)
        expected = ALLOWED.get((state, trigger))
        if expected is None:
            with pytest.raises(IllegalTransition):
                machine.fire(trigger)
            assert machine.path == path
        else:
            machine.fire(trigger)
            state = expected
        assert machine.state == state


def test_every_working_state_can_fail_into_learning_and_learning_into_idle() -> None:
    for state in STATES:
        if state not in (IDLE, LEARNING):
            assert ALLOWED[state, "failed"] == LEARNING
    assert ALLOWED[LEARNING, "failed"] == IDLE
    assert (IDLE, "failed") not in ALLOWED


def test_the_path_is_that_of_the_present_cycle() -> None:
    machine = LoopMachine()
    for trigger in ("wake", "observed", "held", "learned", "wake", "failed"):
        machine.fire(trigger)
    assert machine.path == ["IDLE", "PERCEPTION", "LEARNING"]


class Model:
    """What the library moves."""

    state: str


@settings(max_examples=200)
@given(st.lists(st.sampled_from(TRIGGERS), max_size=40))
def test_the_machine_goes_where_the_library_goes(triggers: list[str]) -> None:
    model, machine = Model(), LoopMachine()
    table = [arrow._asdict() for arrow in TABLE]
    Machine(model, states=list(STATES), transitions=table, initial=IDLE, auto_transitions=False)
    for trigger in triggers:
        try:
            getattr(model, trigger)()
        except MachineError:
            with pytest.raises(IllegalTransition):
                machine.fire(trigger)
        else:
            machine.fire(trigger)
        assert machine.state == model.state
