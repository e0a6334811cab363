"""Changing settings while an agent runs: what people ask for, and the event it becomes."""

from datetime import datetime
from typing import Any

from agent import wiring
from agent.settings import changes
from agent.settings.changes import INTERVAL, SettingDifference
from agent.settings.settings import Options
from agent.state.changes import after, own_value, values
from agent.wiring import Parts
from domain.commands import ChangeSettings
from domain.errors import BadInput
from domain.events import SettingsChanged
from domain.replies import SettingsInForce


def event_of(command: ChangeSettings, parts: Parts, at: datetime) -> SettingsChanged:
    """Return the event a command becomes.

    Raises BadInput when it cannot be meant: nothing to change, a setting that does not change while an agent
    runs, a value out of its limits, or in mode live a limit that allows more without `loosen`.
    """
    options, settings = parts.options, parts.options.public()
    before = wiring.options_in_force(options, parts.state.changed)
    given = _given(command, options)
    wanted = changes.changed(options, {**values(parts.state.changed), **given})
    changes.refuse_loose_pairs(wanted, given)
    wiring.policy_of(wanted, parts.grid)  # what cannot be counted in cash units is refused here
    different = [each for each in changes.differences(before, wanted) if each.name in given]
    if not different:
        same = ", ".join(f"{name} is {_shown(changes.value_of(before, name))}" for name in given)
        raise BadInput(f"nothing to change: {same} already")
    _in_use(command, options, different)
    _refuse_loose(command, options, different)
    return SettingsChanged(
        at=at,
        given={each.name: each.value for each in different},
        before={each.name: each.before for each in different},
        own={each.name: own_value(settings, each.name) for each in different},
        reason=command.reason,
        by=command.by,
        looser=tuple(each.name for each in different if each.looser),
    )


def _given(command: ChangeSettings, options: Options) -> dict[str, Any]:
    both = sorted(set(command.given) & set(command.back))
    if both:
        raise BadInput(f"{', '.join(both)}: given a value and taken back at once; do one of them")
    if not command.given and not command.back:
        raise BadInput(f"no setting named; what changes while an agent runs: risk.*, sizing.*, {INTERVAL}")
    return {**command.given, **{name: changes.value_of(options, name) for name in command.back}}


def _in_use(command: ChangeSettings, options: Options, different: list[SettingDifference]) -> None:
    """Raise BadInput for a pause that this session does not make."""
    if INTERVAL in command.given and options.schedule is not None:
        raise BadInput(
            f'{INTERVAL}: this session cycles by the schedule "{options.schedule}" and makes no such pause; '
            "another schedule begins with another session"
        )
    if options.speed is not None and any(each.name == INTERVAL for each in different):
        raise BadInput(f"{INTERVAL}: this session goes at speed {options.speed}, it makes no pause")


def _refuse_loose(command: ChangeSettings, options: Options, different: list[SettingDifference]) -> None:
    loose = [each for each in different if each.looser]
    if options.mode == "live" and loose and not command.loosen:
        text = "; ".join(f"{each.name} from {_shown(each.before)} to {_shown(each.value)}" for each in loose)
        raise BadInput(f"this allows more on a live account: {text}. If it is meant: --loosen (loosen: true)")


def _shown(value: Any) -> str:
    return "(none)" if value is None else str(value)


def reply_of(event: SettingsChanged, parts: Parts, *, running: bool) -> SettingsInForce:
    """Return the answer to whoever changed settings; `parts` are those before the event."""
    before = wiring.options_in_force(parts.options, parts.state.changed)
    different = changes.differences(before, changes.changed(before, event.given))
    return SettingsInForce(
        at=event.at,
        given=event.given,
        before=event.before,
        changed=values(after(parts.state.changed, event)),
        reason=event.reason,
        by=event.by,
        running=running,
        looser=event.looser,
        tighter=tuple(each.name for each in different if each.tighter),
    )
