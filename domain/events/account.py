"""The events of an account beside its cycles: stopped, adopted, written off, counted on another grid."""

from datetime import datetime

import msgspec

from domain.instrument import Instrument


class KillSwitchSet(msgspec.Struct, frozen=True, tag="kill_switch_set"):
    """The kill switch was thrown or reset, by whom and why."""

    at: datetime
    active: bool
    reason: str
    by: str


class AccountAdopted(msgspec.Struct, frozen=True, tag="account_adopted"):
    """The venue's holdings became the account's: at a first start, or by an operator.

    `cash` is the quote asset the agent may use from now on, in cash units. `untracked` is what lies in the
    account beside it, by asset, in 1e-8 of the asset: never touched, only compared. `missing` are lots of
    our positions that the venue no longer has, by symbol; they count as sold at the last mark. `given_up`
    are client ids of orders of which nobody could say what became: what they did is in the balances. Orders
    from then on are named with `prefix`, where there is one.
    """

    at: datetime
    cash: int
    untracked: dict[str, int]
    reason: str
    by: str
    missing: dict[str, int] = {}
    given_up: tuple[str, ...] = ()
    prefix: str = ""


class PositionWrittenOff(msgspec.Struct, frozen=True, tag="position_written_off"):
    """A position nobody can sell any more counts as lost, by an operator's word.

    Its `lots` count as sold at nothing, so that equity falls by what they were worth; whatever the venue may
    still show of the asset lies aside. Nothing more is expected of orders `given_up`.
    """

    at: datetime
    symbol: str
    lots: int
    reason: str
    by: str
    given_up: tuple[str, ...] = ()


class FlattenAsked(msgspec.Struct, frozen=True, tag="flatten_asked"):
    """Someone asked for every order to be cancelled and every position to be sold, or of one `symbol`.

    Of that symbol so many lots are `kept`.
    """

    at: datetime
    reason: str
    by: str
    symbol: str = ""
    kept: int = 0


class GridChanged(msgspec.Struct, frozen=True, tag="grid_changed"):
    """The exchange changed grid or filters of symbols; these are counted on from now on.

    Whatever is held in ticks and lots of a symbol is carried over to its new grid. Between sessions the
    instruments of `SessionStarted` say the same.
    """

    at: datetime
    instruments: tuple[Instrument, ...]
