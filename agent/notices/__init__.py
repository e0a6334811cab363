"""Notices: the home's own small log of what no journal says, and how far each channel has told of it."""

from agent.notices.file import FILE, NoticesFault
from agent.notices.notices import Notices
from agent.notices.records import Acknowledged, ChannelState, Concern, DeadLetter, Held, Incident, NoticeRow

__all__ = [
    "FILE",
    "Acknowledged",
    "ChannelState",
    "Concern",
    "DeadLetter",
    "Held",
    "Incident",
    "NoticeRow",
    "Notices",
    "NoticesFault",
]
