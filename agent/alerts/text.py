"""A message as text: for a mail, a chat, a terminal. No markup is made of what others wrote."""

from collections.abc import Sequence

from agent.alerts.channel import AlertKind, Message, Severity
from agent.host.shown import shown

SIGNS = {Severity.INFO: "i", Severity.WARNING: "!", Severity.CRITICAL: "!!"}
LONGEST_LINE, MOST_LINES = 500, 60


def headline(message: Message) -> str:
    """Return a message as one line: severity, agent, title."""
    about = f"{message.agent}: " if message.agent else ""
    return cut(f"[{SIGNS[message.severity]}] {about}{shown(message.title)}")


def text(message: Message) -> str:
    """Return a message as lines of plain text, its id last."""
    return "\n".join([headline(message), *body(message)])


def body(message: Message) -> list[str]:
    """Return what stands below the headline."""
    lines = [cut(shown(line)) for line in message.lines[:MOST_LINES]]
    if len(message.lines) > MOST_LINES:
        lines.append(f"... and {len(message.lines) - MOST_LINES} lines more")
    if message.runbook:
        lines.append(f"help: {message.runbook}")
    if message.acknowledgeable:
        lines.append(f"acknowledge: agent alerts acknowledge {message.id}")
    return [*lines, f"#{message.id} {message.at:%Y-%m-%d %H:%M:%S} UTC"]


def cut(line: str) -> str:
    """Return a line that is not too long to be read."""
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."


def digest(messages: Sequence[Message], why: str) -> Message:
    """Return several messages, oldest first, as one: how many of each kind, then the gravest in full.

    It is as grave as the gravest of them; its id is that of the last, with their number.
    """
    gravest = max(messages, key=lambda each: list(Severity).index(each.severity))
    counts: dict[AlertKind, int] = {}
    for each in messages:
        counts[each.kind] = counts.get(each.kind, 0) + 1
    counted = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    ranked = sorted(messages, key=lambda each: -list(Severity).index(each.severity))  # stable: oldest first
    return Message(
        id=f"{messages[-1].id}+{len(messages)}",
        at=messages[-1].at,
        kind=AlertKind.DIGEST,
        severity=gravest.severity,
        agent=None,
        title=f"{len(messages)} messages {why}: {counted}",
        lines=tuple(f"{each.at:%m-%d %H:%M} {headline(each)} #{each.id}" for each in ranked),
        runbook=gravest.runbook,
    )
