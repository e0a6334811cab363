"""The work of `agent alerts ...`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from agent.alerts.channel import AlertKind, Channel, Later, Message, Never, Severity
from agent.alerts.listing import acknowledge, listing
from agent.answers.alerts import AcknowledgedRow, AlertsAnswer, ChannelRow, TestedRow
from agent.cli.options import home_of
from agent.cli.output.streams import answer, leave
from agent.host.clock import SystemClock
from agent.serve.alerting.channels import Configured
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput

NO_CHANNEL = (
    "no channel is set: name one in config.toml, such as [alerts.webhooks.ops] with url and secret, "
    "[alerts.mail.me], [alerts.apprise.phone] or [telegram]"
)


def list_alerts(home: Path | None, config: Path | None, *, json: bool) -> None:
    """Print the alerts of a home; leave with 1 where somebody has something to do."""
    agent_home = home_of(home)
    report = listing(agent_home.notices, list(upkeep(agent_home, config).channel_names()))
    answer(report, _lines, json=json)
    if report.unacknowledged or any(each.dead is not None for each in report.channels):
        leave(1)


def _lines(report: AlertsAnswer) -> Iterator[str]:
    for incident in (each for each in report.incidents if each.ended is None):
        title = f"{_about(incident.agent)}{incident.title}"
        yield f"lasts     {title} (since {incident.began:%m-%d %H:%M}) #{incident.id}"
    for concern in report.unacknowledged:
        yield f"waits     {_about(concern.agent)}{concern.title} ({concern.at:%m-%d %H:%M}) #{concern.id}"
        yield f"          help: {concern.runbook}; agent alerts acknowledge {concern.id}"
    for channel in report.channels:
        yield f"channel   {channel.name}: {_health(channel)}"
    for letter in report.dead_letters:
        yield f"not sent  {letter.channel}: {letter.title} #{letter.id}: {letter.why}"
    if not (report.channels or report.unacknowledged):
        yield f"channel   none: {NO_CHANNEL}"


def _about(agent: str | None) -> str:
    return f"{agent}: " if agent else ""


def _health(row: ChannelRow) -> str:
    sent = f"{row.sent} sent" + (f", the last {row.sent_at:%Y-%m-%d %H:%M:%S}" if row.sent_at else "")
    if row.dead is not None:
        return f"DEAD since {row.dead:%Y-%m-%d %H:%M:%S}: {row.error}"
    if row.failing_since is not None:
        again = f", again {row.next_try:%H:%M:%S}" if row.next_try else ""
        return f"failing since {row.failing_since:%Y-%m-%d %H:%M:%S}: {row.error}{again}"
    return sent


def acknowledge_alerts(
    identities: Sequence[str], home: Path | None, by: str, *, everything: bool, json: bool
) -> None:
    """Note that somebody sees to messages."""
    if everything == bool(identities):
        raise BadInput("name the ids that are acknowledged, or --all")
    rows = acknowledge(home_of(home).notices, identities, by, SystemClock().now())
    answer(rows, _acknowledged, json=json)


def _acknowledged(rows: Sequence[AcknowledgedRow]) -> Iterator[str]:
    for row in rows:
        yield f"#{row.id} is seen to by {row.by} since {row.at:%Y-%m-%d %H:%M:%S}"
    if not rows:
        yield "nothing waits"


def try_channels(names: Sequence[str], home: Path | None, config: Path | None, *, json: bool) -> None:
    """Send a message over channels, and leave with 1 where one did not arrive."""
    agent_home = home_of(home)
    beside = upkeep(agent_home, config)
    configured = Configured(beside.alerts, SystemClock(), beside.telegram)
    rows = [_tested(each, configured, agent_home) for each in _chosen(configured.channels, names)]
    answer(rows, _results, json=json)
    if not all(each.ok for each in rows):
        leave(1)


def _chosen(channels: Sequence[Channel], names: Sequence[str]) -> list[Channel]:
    if not channels:
        raise BadInput(NO_CHANNEL)
    known = {each.name: each for each in channels}
    for name in names:
        if name not in known:
            raise BadInput(f"channel {name[:80]}: not in the settings; there are: {', '.join(known)}")
    return [known[name] for name in names or known]


def _tested(channel: Channel, configured: Configured, home: Home) -> TestedRow:
    now = SystemClock().now()
    message = Message(
        id=f"test-{now:%Y%m%dT%H%M%S}",
        at=now,
        kind=AlertKind.TEST,
        severity=Severity.INFO,
        agent=None,
        title="a test of this channel",
        lines=(f"home {home.root}",),
    )
    try:
        channel.send(message)
    except (Later, Never) as fault:
        return TestedRow(channel=channel.name, ok=False, error=configured.hide(str(fault)))
    return TestedRow(channel=channel.name, ok=True, error=None)


def _results(rows: Sequence[TestedRow]) -> Iterator[str]:
    for row in rows:
        yield f"{'arrived' if row.ok else 'FAILED'}   {row.channel}{f': {row.error}' if row.error else ''}"
