"""Errors by whose fault it is: ours halts the agent, theirs is recorded and the agent degrades."""


class BoydError(Exception):
    """Base of every error this project raises on purpose."""


class LocalFault(BoydError):
    """Something of ours is broken; going on could lose or double an order, so the agent halts."""


class JournalFault(LocalFault):
    """The journal cannot be written, read or believed."""


class IllegalTransition(LocalFault):
    """A trigger that the table of states does not allow; nothing was changed."""


class BadInput(LocalFault):
    """Something a person supplied is wrong: a setting, a flag or a file. Says field, value and limit."""


class EndUnknown(BadInput):
    """A command was begun before and how it ended is not on record: it is not done again by itself."""


class Unproven(LocalFault):
    """Parameters whose evidence is not enough; a person may put them in force all the same."""


class VenueFault(BoydError):
    """A provider or a platform failed; recorded, and the agent goes on with what it has."""


class Unreachable(VenueFault):
    """No answer: name lookup, connection, TLS or the deadline failed."""


class BadAnswer(VenueFault):
    """An answer that cannot be used: HTTP 5xx, HTML, truncated or malformed JSON, too large."""


class RateLimited(VenueFault):
    """The venue, or our own budget for it, asks us to wait."""


class Refused(VenueFault):
    """A permanent no (key, entitlement, unknown symbol); asking again would not help."""


class NoData(VenueFault):
    """A well-formed answer that holds no data."""


class OutcomeUnknown(VenueFault):
    """An order was sent and nobody can say yet whether it arrived."""
