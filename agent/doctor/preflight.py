"""Preflight: an exchange account's fitness for trading, checked by the doctor and before every session."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from agent.doctor.check import CheckResult
from agent.settings.home import DRAFT, Home
from agent.settings.problems import BadSettings
from agent.settings.settings import Options
from domain.errors import BadInput, VenueFault
from journal.stored import Broken
from journal.verify import verify

FORBIDDEN = {
    "enableWithdrawals": "withdraw",
    "enableInternalTransfer": "transfer to other users",
    "permitsUniversalTransfer": "transfer between accounts",
}
"""What a key must not be able to do, by its name in apiRestrictions."""

FEES = "fees"


class VenueAccount(Protocol):
    """The facts a preflight asks of an exchange: account id, the key's rights, fees paid in BNB."""

    def account_id(self) -> str:
        """Return the account's number."""
        ...

    def rights(self) -> Mapping[str, Any]:
        """Return what the key may do."""
        ...

    def pays_with_bnb(self) -> bool:
        """Say whether fees are paid in BNB."""
        ...


def examined(options: Options, account: VenueAccount) -> Iterator[CheckResult]:
    """Examine account and key. On a testnet, which does not tell a key's rights, they are not asked for.

    Raises VenueFault when the exchange does not say.
    """
    yield from _account(options, account)
    if options.mode == "live":
        yield from _rights(options, account)
        yield from _fees(account)


def findings(options: Options, account: VenueAccount) -> Iterator[CheckResult]:
    """Examine account and key, for the doctor: what the exchange does not say is a finding too."""
    try:
        yield from examined(options, account)
    except VenueFault as error:
        remedy = remedy_of(error) or "check key and network"
        yield CheckResult("account", "fail", f"the exchange does not say: {error}", remedy)


def remedy_of(error: Exception) -> str:
    """Return what to do about a key that the exchange refuses, or nothing where the trouble is another."""
    if not getattr(error, "of_key", False):
        return ""
    return (
        "check that the secret belongs to the key and is not of another kind (HMAC, Ed25519, RSA), and the "
        "key's permissions and addresses"
    )


def refuse_unfit(options: Options, account: VenueAccount) -> str:
    """Raise BadSettings with everything that speaks against trading the account, VenueFault unanswered.

    Returns what speaks against entries alone, "" when nothing does: how fees are paid must not keep what is
    held from being protected and sold.
    """
    results = [each for each in examined(options, account) if each.level == "fail"]
    refused = [f"{each.subject}: {each.what}; {each.remedy}" for each in results if each.subject != FEES]
    if refused:
        raise BadSettings(refused)
    return "; ".join(f"{each.subject}: {each.what}; {each.remedy}" for each in results)


def refuse_broken(home: Home, name: str) -> None:
    """Raise BadSettings when a journal is there and does not verify. Not for one that is open here."""
    location = home.journal_location(name)
    try:
        checked = verify(location, account=name) if home.server or home.journal(name).is_file() else None
    except BadInput:
        return  # not there yet
    if isinstance(checked, Broken):
        raise BadSettings([f"journal: row {checked.seq}: {checked.what}; restore a backup, then reconcile"])


def refuse_half_restored(home: Home, name: str) -> None:
    """Raise BadInput for a journal that a restore cut off has put aside, or not brought back yet."""
    path = home.journal(name)
    draft = path.with_name(f"{path.name}{DRAFT}")
    if not home.server and draft.exists() and not path.exists():
        raise BadInput(
            f"journal {name}: a restore of it was cut off, and nothing is in its place: run `agent "
            f"restore` again. --fresh begins a new one all the same ({draft} may be removed then)"
        )


def _account(options: Options, account: VenueAccount) -> Iterator[CheckResult]:
    number = account.account_id()
    if options.account and options.account != number:
        yield CheckResult(
            "account", "fail", f"the key is of account {number}, asked for {options.account}",
            "type the id of the account you mean, or use its key",
        )  # fmt: skip
    else:
        yield CheckResult("account", "ok", f"account {number}")


def _rights(options: Options, account: VenueAccount) -> Iterator[CheckResult]:
    rights = account.rights()
    may = [what for name, what in FORBIDDEN.items() if rights.get(name)]
    if may:
        remedy = "make a key that can only read and trade"
        yield CheckResult("key", "fail", f"it may {', '.join(may)}", remedy)
    if not rights.get("enableSpotAndMarginTrading"):
        yield CheckResult("key", "fail", "it may not trade", "allow spot trading for it")
    if not rights.get("ipRestrict") and not options.exchange.any_ip:
        remedy = "restrict it to this host's address, or set exchange.any_ip = true"
        yield CheckResult("key", "fail", "it works from any address", remedy)
    if not may:
        yield CheckResult("key", "ok", "it can neither withdraw nor transfer")


def _fees(account: VenueAccount) -> Iterator[CheckResult]:
    remedy = "switch off paying fees with BNB: no profit would contain them"
    try:
        with_bnb = account.pays_with_bnb()
    except VenueFault as error:
        yield CheckResult(FEES, "fail", f"the exchange does not say what they are paid in: {error}", remedy)
        return
    if with_bnb:
        yield CheckResult(FEES, "fail", "they are paid in BNB", remedy)
    else:
        yield CheckResult(FEES, "ok", "they are paid in what is traded")
