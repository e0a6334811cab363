"""The control server of a running session."""

from typing import Any

from agent.account.control import ControlServer, Request, StatusRequest, WhyRequest
from agent.account.opened import OpenedAccount


def control_server(launch: OpenedAccount) -> ControlServer:
    """Return a control server for a session; not yet listening."""

    def serve(request: Request) -> Any:
        match request:
            case StatusRequest():
                return launch.status()
            case WhyRequest(cycle):
                return launch.why(cycle)
            case command:
                return launch.handler.handle(command)

    return ControlServer(launch.home.control(launch.name), serve, launch.lock.renew)
