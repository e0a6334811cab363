"""The control server of a running session."""

from typing import Any

from agent.account.at_hand import told
from agent.account.control import ControlServer
from agent.account.feed import JournalFeed
from agent.account.opened import OpenedAccount
from agent.account.requests import ReadRequest, Request, StatusRequest, TrimRequest, WhyRequest
from agent.account.trimming import trimmed
from agent.answers.stream import LiveState
from domain.errors import BadInput


def control_server(launch: OpenedAccount) -> ControlServer:
    """Return a control server for a session; not yet listening."""

    def serve(request: Request) -> Any:
        match request:
            case StatusRequest():
                return launch.present.status()
            case WhyRequest(cycle):
                return launch.why(cycle)
            case ReadRequest():
                if launch.stored is None:
                    raise BadInput("this journal cannot be read")
                return told(launch.stored, request)
            case TrimRequest(upto):
                return trimmed(launch.stored, upto)
            case command:
                return launch.handler.handle(command)

    def live() -> LiveState:
        return LiveState(
            agent=launch.name,
            running=True,
            state=launch.session.cycle.machine.state,
            cycle=launch.parts.state.cycle_id,
            paused=launch.inbox.paused,
        )

    feed = None if launch.stored is None else JournalFeed(launch.stored, live, launch.present.vitals)
    return ControlServer(launch.home.control(launch.name), serve, launch.lock.renew, feed)
