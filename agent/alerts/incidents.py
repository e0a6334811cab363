"""Incidents: conditions that last, told when they begin and when they are over.

A condition must last as long as the table says before it is told, and be gone for a minute before it is over:
what comes and goes is not told each time. What is open is in the home's notices, so that it is not told anew
after a restart; what cannot be judged is left as it is.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from agent.alerts.channel import AlertKind
from agent.alerts.table import BY_KIND
from agent.alerts.watch import Condition
from agent.notices import Incident, Notices

CALM_SECONDS = 60.0


class Incidents:
    """Opens and ends incidents of agents (or of the home, None) in the notices."""

    def __init__(self, notices: Notices) -> None:
        self.notices = notices
        self._open = {each.key: each for each in notices.incidents()}
        self._since: dict[str, float] = {}
        self._calm: dict[str, float] = {}

    @property
    def open(self) -> list[Incident]:
        """Return the incidents that are open."""
        return list(self._open.values())

    def see(
        self,
        agent: str | None,
        judged: Collection[AlertKind],
        conditions: Iterable[Condition],
        now: datetime,
        monotonic: float,
    ) -> None:
        """Take in what is so of an agent now; of the kinds `judged`, what is not there is not so.

        Raises NoticesFault where it cannot be written; the same look later makes up for it.
        """
        present = {_key(agent, each): each for each in conditions}
        for key, condition in present.items():
            self._calm.pop(key, None)
            since = self._since.setdefault(key, monotonic)
            if key not in self._open and monotonic - since >= _seconds(condition):
                self._begin(key, agent, condition, now)
        ours = [each for each in self._open.values() if each.agent == agent and each.kind in judged]
        for incident in ours:
            if incident.key not in present and self._calmed(incident, monotonic):
                self.end(incident.key, now)
        before = {kind: f"{kind}/{agent or ''}/" for kind in judged}
        for key in [each for each in self._since if each not in present]:
            if key.startswith(tuple(before.values())):
                del self._since[key]

    def _begin(self, key: str, agent: str | None, condition: Condition, now: datetime) -> None:
        row = BY_KIND[condition.kind]
        body = "\n".join(condition.lines)
        self.notices.open(key, condition.kind, row.severity, agent, condition.title, body, now)
        self._open = {each.key: each for each in self.notices.incidents()}

    def _calmed(self, incident: Incident, monotonic: float) -> bool:
        return monotonic - self._calm.setdefault(incident.key, monotonic) >= CALM_SECONDS

    def end(self, key: str, now: datetime, why: str = "over") -> None:
        """End an incident that is open."""
        incident = self._open.get(key)
        if incident is not None:
            minutes = (now - incident.began).total_seconds() / 60
            body = f"it began {incident.began:%Y-%m-%d %H:%M} UTC, {minutes:.0f} minutes ago"
            self.notices.end(key, f"{why}: {incident.title}", now, body)
            self._open = {each.key: each for each in self.notices.incidents()}
            self._calm.pop(key, None)

    def forget(self, agent: str, now: datetime) -> None:
        """End every incident of an agent that is no more in the home."""
        for key in [each.key for each in self._open.values() if each.agent == agent]:
            self.end(key, now, "the agent is gone")


def _key(agent: str | None, condition: Condition) -> str:
    return f"{condition.kind}/{agent or ''}/{condition.subject}"[:300]


def _seconds(condition: Condition) -> float:
    return BY_KIND[condition.kind].seconds if condition.seconds is None else condition.seconds
