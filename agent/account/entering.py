"""The reasons for which a session enters nothing and sells all the same: the gate, a lost law, no adviser.

Each of them ends a session that has nothing to look after; where something is held it goes on without.
"""

from collections.abc import Mapping

from agent import wiring
from agent.doctor.verdicts import ASK_AGAIN, against_entries
from agent.host import log
from agent.loop.session import Session
from agent.settings.home import Home
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from agent.slippage.entries import with_laws
from domain.errors import BadInput


def lawful(options: Options) -> tuple[Options, BadInput | None]:
    """Return the options with the law of slippage they name; without it, why, and entries within a price."""
    try:
        return with_laws(options), None
    except BadInput as fault:
        plain = options.entries.model_copy(update={"order": "limit", "slices": 1})
        return options.model_copy(update={"entries": plain}), fault


def judge_lawless(lawless: BadInput | None, held: Mapping[str, object]) -> None:
    """Go on with a worst price where no law of slippage can be read and something is held, else raise."""
    if lawless is None:
        return
    if not held:
        raise lawless
    log.say("error", "entries go by their worst price", why=str(lawless), held=sorted(held))


def gated(options: Options, home: Home, name: str, held: Mapping[str, object]) -> str:
    """Return why the gate lets a live session make no entry, "" where it may.

    What is held is protected and sold whatever the gate says; a session with nothing to look after is
    not begun. Raises BadSettings for that.
    """
    if options.mode != "live":
        return ""
    against = against_entries(home, name, options.reasoning.strategies)
    if not against:
        return ""
    if options.despite_gate:
        log.say("warning", "the gate is overridden", gate=against, reason=options.despite_gate)
        return ""
    if not held:
        raise BadSettings([f"{against}; {ASK_AGAIN}"])
    log.say("warning", "no entry is made", why=against, held=sorted(held))
    return against


def seat_advisers(session: Session, parts: wiring.Parts, held: Mapping[str, object]) -> None:
    """Seat those who are asked about entries; what is held is looked after without them too.

    Raises BadInput where they cannot and nothing is held.
    """
    try:
        wiring.seat_advisers(session, parts)
    except BadInput as fault:
        if not held:
            raise
        log.say("error", "no adviser is asked", why=str(fault), held=sorted(held))
