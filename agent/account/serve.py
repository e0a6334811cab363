"""What a running session answers on the control socket."""

from collections.abc import Mapping
from typing import Any

from agent.account.control import ControlServer, Handler
from agent.account.opened import OpenedAccount
from agent.parameters.versions import Unproven, wish_of
from domain.errors import BadInput

CALL_SECONDS = 25.0


def control_server(launch: OpenedAccount) -> ControlServer:
    """Return a control server for a session; not yet listening."""

    def reconcile(request: Mapping[str, Any]) -> dict[str, Any]:
        lost = request.get("write_off")
        if lost:
            reason = _reason(request)
            return launch.call(lambda: launch.write_off(str(lost), reason)).result(CALL_SECONDS)
        if request.get("adopt"):
            reason = _reason(request)
            return launch.call(lambda: launch.adopt_account(reason)).result(CALL_SECONDS)
        return launch.call(launch.review).result(CALL_SECONDS)

    def parameters(request: Mapping[str, Any]) -> dict[str, Any]:
        asked_for = wish_of(request["wish"])
        try:
            return launch.call(lambda: launch.set_parameters(asked_for)).result(CALL_SECONDS)
        except Unproven as refusal:
            return {"refused": str(refusal)}
        except TimeoutError:
            raise BadInput(
                f"the cycle under way has not ended in {CALL_SECONDS:g} s; the request is answered when "
                "it has: agent params list"
            ) from None

    commands: dict[str, Handler] = {
        "status": lambda _request: launch.status(),
        **_stops(launch),
        "reconcile": reconcile,
        "parameters": parameters,
        "why": lambda request: launch.why(_cycle(request)),
    }
    return ControlServer(launch.home.control(launch.name), commands, launch.lock.renew)


def _stops(launch: OpenedAccount) -> dict[str, Handler]:
    """Return the commands that end entries or positions, and the one that lets entries go on."""

    def kill(request: Mapping[str, Any]) -> dict[str, Any]:
        launch.inbox.kill(_reason(request))
        return {"kill_switch": _reason(request)}

    def reset(request: Mapping[str, Any]) -> dict[str, Any]:
        reason = _reason(request)
        launch.call(lambda: launch.reset_kill(reason)).result(CALL_SECONDS)
        launch.inbox.pause(paused=False)
        return {"kill_switch": None}

    # Neither through the loop's thread: it may be waiting for a provider.
    def flatten(request: Mapping[str, Any]) -> dict[str, Any]:
        return launch.flatten(_reason(request))

    def close(request: Mapping[str, Any]) -> dict[str, Any]:
        return launch.close(str(request.get("symbol", "")), _reason(request))

    return {"kill": kill, "reset": reset, "flatten": flatten, "close": close}


def _cycle(request: Mapping[str, Any]) -> int | None:
    cycle = request.get("cycle")
    if cycle is not None and not isinstance(cycle, int):
        raise BadInput("a cycle is a number")
    return cycle


def _reason(request: Mapping[str, Any]) -> str:
    reason = str(request.get("reason", "")).strip()
    if not reason:
        raise BadInput("a reason is needed")
    return reason
