"""Alerting as a whole: the watch, and a delivery for each channel, in threads of their own.

Nothing waits for any of it: no loop, no exit, no answer of the server. What cannot be done now, because the
disk is full or a channel is gone, is done when it can.
"""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from agent.alerts.bookmark import Bookmark
from agent.alerts.channel import AlertKind, Channel, Message
from agent.alerts.configured import rules_of
from agent.alerts.delivery import Delivery
from agent.alerts.escalation import Escalation
from agent.alerts.incidents import Incidents
from agent.alerts.table import BY_KIND
from agent.alerts.text import headline
from agent.alerts.unwritten import Unwritten
from agent.alerts.watch import AGENT_KINDS, HOME_KINDS, UNREAD_KINDS, AgentKnown, of_agent, of_home
from agent.host.log import also as hide
from agent.host.log import say
from agent.notices import Notices, NoticesFault
from agent.serve.alerting.channels import Configured
from agent.serve.alerting.look import HomeLook, known_of, still
from agent.serve.alerting.outbox import FleetOutbox
from agent.serve.fleet.fleet import ASIDE, Fleet
from agent.serve.fleet.keeper import News
from agent.serve.fleet.watched import Watched
from agent.settings.upkeep.alerts import AlertSettings
from agent.settings.upkeep.reading import upkeep
from domain.errors import BoydError
from domain.ports import Clock

WATCH_SECONDS = 2.0
LEAST_SECONDS = 0.1
"""Between two looks of a delivery: an agent at full speed writes thousands of rows a second."""

CLOSE_SECONDS = 2.0
MOST_TOLD = 20
"""Critical messages that are named where a channel died with them."""


class Alerting:
    """Watches a fleet and tells over channels; begun and closed by `agent serve`."""

    def __init__(
        self,
        fleet: Fleet,
        notices: Notices,
        channels: Sequence[Channel],
        settings: AlertSettings,
        clock: Clock,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.fleet = fleet
        self.notices = notices
        self.clock = clock
        self.settings = settings
        self.outbox = FleetOutbox(fleet, notices, clock)
        self.incidents = Incidents(notices)
        self.escalation = Escalation(notices, self.outbox, settings)
        self.unwritten = Unwritten(self._tell_all)
        self.home = HomeLook(fleet.home.root, clock)
        rules = rules_of(settings)
        self.deliveries = [
            Delivery(
                each,
                self.outbox,
                Bookmark(notices, each.name),
                rules,
                clock,
                random.random,
                self.dead,
                partial(self._died, each.name),
                partial(self._revived, each.name),
                hide,
            )
            for each in channels
        ]
        self._closing = threading.Event()
        self._watching: _Worker | None = None
        self._threads: list[_Worker] = []
        self._rested: dict[str, tuple[object, AgentKnown]] = {}
        self._leaves: list[Callable[[], None]] = []

    def dead(self) -> Mapping[str, bool]:
        """Return every channel, and whether it is dead."""
        return {each.channel.name: each.state.dead is not None for each in self.deliveries}

    def start(self) -> None:
        """Begin."""
        self._watching = _Worker("watch", self._watch, self._closing)
        self._threads = [_Worker(each.channel.name, each.step, self._closing) for each in self.deliveries]
        self._threads.append(self._watching)
        for thread in self._threads:
            thread.start()
        self._leaves.append(self.fleet.subscribe(self._news))
        for each in self.fleet.all():
            self._listen(each)

    def close(self) -> None:
        """End it. A send under way is not waited for long: what it sent is told again at the next start."""
        self._closing.set()
        for leave in self._leaves:
            leave()
        self.wake()
        until = time.monotonic() + CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if not any(each.is_alive() for each in self._threads):
            self.notices.close()

    def wake(self) -> None:
        """Have everybody look now: something happened."""
        for thread in self._threads:
            thread.wake.set()

    def _rows(self) -> None:
        """Have the deliveries look now: rows came."""
        for thread in self._threads:
            if thread is not self._watching:
                thread.wake.set()

    def _listen(self, watched: Watched) -> None:
        self._leaves.append(watched.mirror.subscribe(lambda _lines: self._rows()))

    def _news(self, watched: Watched, news: News) -> None:
        if news is News.FOUND:
            self._listen(watched)
        elif news is not News.STATE:
            self.wake()

    # The watch.

    def _watch(self) -> float:
        try:
            seconds = self._see_all()
        except NoticesFault as fault:
            self.unwritten.failed(str(fault), self.clock.now(), self.clock.monotonic())
            raise
        self.unwritten.works(self.clock.now())
        return seconds

    def _tell_all(self, message: Message) -> None:
        for each in self.deliveries:
            each.tell(message)
        self._rows()

    def _see_all(self) -> float:
        now, passed = self.clock.now(), self.clock.monotonic()
        self.incidents.see(None, HOME_KINDS, of_home(self.home(), self.settings), now, passed)
        agents = {each.name: each for each in self.fleet.all()}
        for name, watched in agents.items():
            if not ASIDE.search(name) and watched.looked.is_set():
                self._look(watched, passed)
        for agent in {each.agent for each in self.incidents.open if each.agent} - agents.keys():
            self.incidents.forget(agent, now)
        there = frozenset(each.key for each in self.notices.incidents())
        self.escalation.step(now, lambda concern: still(concern, agents, there))
        return WATCH_SECONDS

    def _look(self, watched: Watched, passed: float) -> None:
        try:
            known = self._known(watched)
        except BoydError as fault:
            say("warning", "an agent cannot be watched", agent=watched.name, why=str(fault))
            return
        judged = AGENT_KINDS if known.read else UNREAD_KINDS
        self.incidents.see(known.name, judged, of_agent(known, self.settings), known.now, passed)

    def _known(self, watched: Watched) -> AgentKnown:
        """Return what is known of an agent; of one at rest nothing is read anew while nothing changed."""
        mirror, now = watched.mirror, self.clock.now()
        if watched.running:
            self._rested.pop(watched.name, None)
            return known_of(watched, now)
        mark = (mirror.journal_id, mirror.head, mirror.behind, watched.problem, watched.supervised)
        kept = self._rested.get(watched.name)
        if kept is None or kept[0] != mark:
            kept = self._rested[watched.name] = mark, known_of(watched, now)
        return kept[1]._replace(now=now)

    # A channel that dies or lives again is told over the others.

    def _died(self, name: str, why: str, waiting: Sequence[Message]) -> None:
        lines = [f"not told there: {headline(each)} #{each.id}" for each in waiting[:MOST_TOLD]]
        if len(waiting) > MOST_TOLD:
            lines.append(f"and {len(waiting) - MOST_TOLD} more")
        kind, title = AlertKind.CHANNEL_DEAD, f"the channel {name} is dead: {why}"
        with suppress(NoticesFault):
            body = "\n".join(lines)
            self.notices.open(
                _dead_key(name), kind, BY_KIND[kind].severity, None, title, body, self.clock.now()
            )
        self.wake()

    def _revived(self, name: str) -> None:
        with suppress(NoticesFault):
            self.notices.end(_dead_key(name), f"the channel {name} works again", self.clock.now())


def alerting_of(fleet: Fleet, clock: Clock, also: Sequence[Channel] = ()) -> Alerting | None:
    """Return the alerting of a fleet's home, with channels beside those of the settings; not begun yet.

    Raises BadInput for settings that are none. None where the notices cannot be opened: then nobody is told
    of anything, and the log says so.
    """
    home = fleet.home
    beside = upkeep(home)
    settings = beside.alerts
    named = Configured(settings, clock, beside.telegram)
    if named.secrets:
        hide(home.root, named.secrets)
    try:
        notices = Notices(home.notices)
    except NoticesFault as fault:
        say("error", "nobody is told of anything", why=str(fault))
        return None
    return Alerting(fleet, notices, [*named.channels, *also], settings, clock, named.hide)


def _dead_key(name: str) -> str:
    return f"{AlertKind.CHANNEL_DEAD}//{name}"


class _Worker(threading.Thread):
    """A thread that does a piece of work again and again; what it raises ends nothing."""

    def __init__(self, name: str, work: Callable[[], float], closing: threading.Event) -> None:
        super().__init__(name=f"boyd-alerts {name}", daemon=True)
        self.work = work
        self.wake = threading.Event()
        self._closing = closing
        self._said = ""

    def run(self) -> None:
        """Work until it is closed."""
        while not self._closing.is_set():
            self.wake.clear()
            seconds = self._once()
            if seconds:
                self._closing.wait(min(seconds, LEAST_SECONDS))
                self.wake.wait(seconds)

    def _once(self) -> float:
        try:
            seconds = self.work()
            self._said = ""
        except Exception as fault:  # noqa: BLE001 -- whoever tells people must not die of it
            why = f"{type(fault).__name__}: {fault}" if isinstance(fault, BoydError) else type(fault).__name__
            if why != self._said:
                self._said = why
                say("error", "alerts are held up", thread=self.name, why=why)
            return WATCH_SECONDS
        return seconds
