"""Commands to an agent: the structs of `domain.commands`, from a body, carried out as the command line does.

Whoever runs the account carries them out: the agent at its control socket, else the account is opened here.
Nothing that this server knows of an agent is asked on the way: a mirror that is behind and a feed that is cut
keep no command from it.
"""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeVar

import msgspec

from agent.account.dispatch import dispatch
from agent.answers.agents import Started, Supervised
from agent.parameters import evidence
from agent.serve.access.scope import Scope
from agent.serve.asked import KEY, by_of, key_of, named_agent, reasoned
from agent.serve.bodies import (
    ApplyAsked,
    BeginAsked,
    ChangeAsked,
    CloseAsked,
    CommandAsked,
    RollBackAsked,
    StartAsked,
    WriteOffAsked,
)
from agent.serve.fleet.fleet import Unknown
from agent.serve.fleet.recorded import last_settings
from agent.serve.fleet.supervisor import ask_to_stop
from agent.serve.fleet.turns import turn
from agent.serve.table import API, Asking, Lane, Route
from domain import commands
from domain.commands import Command, Stop
from domain.errors import BadInput
from domain.replies import (
    Adopted,
    Flattened,
    KillSwitch,
    ParametersInForce,
    Paused,
    PositionClosed,
    Reconciled,
    Reply,
    SettingsInForce,
    Stopping,
    WrittenOff,
)
from domain.symbols import spelled

Plain = dict[str, Any]
Body = type[msgspec.Struct]
Answer = TypeVar("Answer", bound=Reply)


Handler = Callable[[Asking, dict[str, str], Any, Any], Any]
Made = Callable[[Any, Plain], Command]
"""What makes a command of a body, and of who asks, why and under which key."""


def _carried_out(make: Made) -> Handler:
    """Return a handler that has the command carried out which a body asks for."""

    def handle(asking: Asking, path: dict[str, str], _query: Any, body: Any) -> Reply:
        name = named_agent(asking, path)
        command = make(body, {"reason": body.reason, "by": by_of(asking), "key": key_of(asking, body)})
        return dispatch(asking.home, name, reasoned(command), asking.clock, alone=partial(turn, name))

    return handle


def _close(body: CloseAsked, who: Plain) -> Command:
    return commands.ClosePosition(symbol=spelled(body.symbol), share=_share(body.share), **who)


def _share(given: str | float) -> Decimal:
    """Return a share from "50%" or 0.5. Raises BadInput."""
    text, share = str(given).strip(), Decimal(0)
    with suppress(InvalidOperation):
        share = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not share.is_finite() or not 0 < share <= 1:
        raise BadInput(f"share = {text[:40]}: must be above 0 and at most 100%, such as 50% or 0.5")
    return share


def _plainly(kind: type[Any]) -> Made:
    return lambda _body, who: kind(**who)


def _write_off(body: WriteOffAsked, who: Plain) -> Command:
    return commands.WriteOffPosition(symbol=spelled(body.symbol), **who)


def _apply(asking: Asking, path: dict[str, str], query: Any, body: ApplyAsked) -> Reply:
    proof = _evidence(asking, body)

    def make(_body: Any, who: Plain) -> Command:
        return commands.ApplyParameters(
            strategy=body.strategy, given=body.given, evidence=proof, force=body.force, **who
        )

    reply: Reply = _carried_out(make)(asking, path, query, body)
    return reply


def _evidence(asking: Asking, body: ApplyAsked) -> Plain | None:
    """Return the evidence a body gives or names. Raises BadInput for several, or none of that name."""
    sources = [each for each in (body.evidence, body.study, body.work) if each is not None]
    if len(sources) > 1:
        raise BadInput("evidence, study, work: give one of them")
    if body.study is not None:
        file = evidence.study_file(asking.home.root, body.study)
    elif body.work is not None:
        file = asking.work.evidence(body.work)
    else:
        return body.evidence
    if not file.is_file():
        raise Unknown(f"{'study' if body.study else 'work'} {body.study or body.work}: it left no evidence")
    return evidence.read(file).model_dump(mode="json")


def _roll_back(body: RollBackAsked, who: Plain) -> Command:
    return commands.RollBackParameters(version=body.version, strategy=body.strategy, **who)


def _change(body: ChangeAsked, who: Plain) -> Command:
    return commands.ChangeSettings(given=body.given, back=tuple(body.back), loosen=body.loosen, **who)


def _stop(asking: Asking, path: dict[str, str], _query: Any, body: CommandAsked) -> Reply:
    name = named_agent(asking, path, unbegun=True)
    supervisor, key = asking.supervisor, key_of(asking, body)
    command = reasoned(Stop(reason=body.reason, by=by_of(asking), key=key))

    def begun_again() -> Reply | None:
        """Say that an agent goes on which was begun after this stop; others are asked once more."""
        own = supervisor.of(name)
        return Stopping(stopping=False) if own is not None and own.wanted else None

    def stop() -> Reply:
        result: Reply = ask_to_stop(supervisor, asking.home, name, command, asking.clock)
        return result

    result: Reply = asking.keys.once(name, key, ("stop",), stop, begun_again)
    return result


def _begin(asking: Asking, _path: dict[str, str], _query: Any, body: BeginAsked) -> Started:
    supervisor, name, key = asking.supervisor, body.name, key_of(asking, body)
    supervised = asking.keys.once(
        name,
        key,
        ("begin", body.settings),
        lambda: supervisor.begin(name, body.settings, by_of(asking), key, body.reason.strip()),
        lambda: supervisor.of(name),
    )
    return Started(agent=name, supervised=supervised)


def _start(asking: Asking, path: dict[str, str], _query: Any, body: StartAsked) -> Started:
    name = named_agent(asking, path, unbegun=True)
    supervisor, key = asking.supervisor, key_of(asking, body)

    def begin() -> Supervised:
        known = {} if supervisor.of(name) else last_settings(asking.home, name)
        who = by_of(asking), key, body.reason.strip()
        result: Supervised = supervisor.begin_again(name, known, body.account, *who)
        return result

    asked = ("start", body.account)
    supervised = asking.keys.once(name, key, asked, begin, lambda: supervisor.of(name))
    return Started(agent=name, supervised=supervised)


def _route(
    path: str,
    summary: str,
    body: type[msgspec.Struct],
    answer: Any,
    handler: Handler,
    lane: Lane = Lane.STEER,
) -> Route:
    return Route(
        "POST",
        f"{API}/agents{path}",
        Scope.TRADE,
        summary,
        answer,
        handler,
        "steer",
        body=body,
        headers=KEY,
        lane=lane,
    )


def _command(path: str, summary: str, body: Body, answer: Any, make: Made, lane: Lane = Lane.STEER) -> Route:
    return _route(f"/{{agent}}/{path}", summary, body, answer, _carried_out(make), lane)


ROUTES = (
    _command(
        "kill", "Throw the kill switch: no entry from now on", CommandAsked, KillSwitch,
        _plainly(commands.Kill), Lane.KILL,
    ),
    _command(
        "flatten", "Throw the kill switch, cancel every order, sell every position", CommandAsked, Flattened,
        _plainly(commands.Flatten), Lane.EXIT,
    ),
    _command(
        "close", "Sell one position or a share of it", CloseAsked, PositionClosed, _close, Lane.EXIT
    ),
    _command(
        "reset-kill", "Reset the kill switch: entries are judged again", CommandAsked, KillSwitch,
        _plainly(commands.ResetKill),
    ),
    _command(
        "pause", "Hold the running agent between two cycles", CommandAsked, Paused, _plainly(commands.Pause)
    ),
    _command("unpause", "Let a paused agent go on", CommandAsked, Paused, _plainly(commands.Unpause)),
    _command(
        "reconcile", "Compare orders and holdings of the journal with the venue's", CommandAsked, Reconciled,
        _plainly(commands.Reconcile),
    ),
    _command(
        "adopt", "Count with what the venue holds from now on", CommandAsked, Adopted,
        _plainly(commands.AdoptAccount),
    ),
    _command(
        "write-off", "Count a position that cannot be sold any more as lost", WriteOffAsked, WrittenOff,
        _write_off,
    ),
    _route(
        "/{agent}/parameters", "Put parameters of a strategy in force", ApplyAsked, ParametersInForce, _apply
    ),
    _command(
        "parameters/rollback", "Put an earlier version of parameters in force again", RollBackAsked,
        ParametersInForce, _roll_back,
    ),
    _command(
        "settings", "Change limits, sizing or pace from the next cycle on", ChangeAsked, SettingsInForce,
        _change,
    ),
    _route("/{agent}/stop", "End the running agent after the cycle under way", CommandAsked, Stopping, _stop),
    _route("/{agent}/start", "Begin an agent again that does not run", StartAsked, Started, _start),
    _route("", "Begin an agent of a name of its own", BeginAsked, Started, _begin),
)  # fmt: skip
