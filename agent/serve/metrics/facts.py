"""The facts one scrape tells: of each agent and of the server, taken together and then left alone."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.answers.account import Vitals
from agent.answers.agents import Alarm, Headroom, ProviderRow
from agent.answers.stream import LiveState
from agent.state.state import State
from domain.observation import Source
from risk.case import Policy


class AgentFacts(NamedTuple):
    """All that is told of one agent; `vitals` and `live` are the last its process said.

    `policy` is None before its first session. `sources` are by symbol. `cycle_age_seconds` is how long ago
    its last cycle was told, by the server's clock. Nothing is counted of a journal that is not `read` to its
    end yet: it would begin at 0 and jump.
    """

    name: str
    running: bool
    state: State
    read: bool = True
    mode: str = ""
    timeframe: str = ""
    live: LiveState | None = None
    vitals: Vitals = Vitals()
    policy: Policy | None = None
    headroom: Sequence[Headroom] = ()
    providers: Sequence[ProviderRow] = ()
    sources: Mapping[str, Source] = {}
    alarms: Sequence[Alarm] = ()
    in_doubt: int = 0
    rows: int = 0
    behind: int = 0
    bytes: int = 0
    cycle_age_seconds: float | None = None
    interval_seconds: float | None = None


class ServerFacts(NamedTuple):
    """All that is told of the server. `requests` are by route and class of status, `refused` by kind.

    `work` counts by state.
    """

    version: str
    python: str
    disk_free_bytes: int
    requests: Mapping[tuple[str, str], int] = {}
    refused: Mapping[str, int] = {}
    stream_clients: int = 0
    stream_dropped: int = 0
    work: Mapping[str, int] = {}
