"""The bound of a home's logs, as whoever begins one reads it."""

from agent.host.turnover import USUAL, Turnover
from agent.settings.home import Home
from agent.settings.upkeep.reading import upkeep
from domain.errors import BadInput


def turnover(home: Home) -> Turnover:
    """Return when a log's file is full; as usual where the settings cannot be read: a log stops nothing."""
    try:
        bound = upkeep(home).retention.logs
    except BadInput:
        return USUAL
    return Turnover(round(bound.megabytes * 1e6), bound.files)
