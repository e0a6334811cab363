"""Trading halts: the symbols the exchange takes no order of now, and the reasons against entries."""

from collections.abc import Mapping

import structlog

from domain.errors import RateLimited, VenueFault
from domain.order import Order
from platforms.binance import codes, markets, outcome, requests
from platforms.binance.client import ApiError, Wire
from platforms.binance.listing import ExchangeInfo
from platforms.binance.pre_send import PreSendChecks

log = structlog.get_logger()


class TradingHalts:
    """The halted markets, asked for anew where a sale depends on it."""

    def __init__(self, wire: Wire, listing: ExchangeInfo, gate: PreSendChecks) -> None:
        self.wire = wire
        self.listing = listing
        self.gate = gate
        self._held_back: dict[str, str] = {}

    def hold_back(self, symbol: str, reason: str) -> None:
        """Block entries in a symbol, "" for every one, for as long as this platform lives."""
        self._held_back[symbol] = reason

    def blocked(self) -> Mapping[str, str]:
        """Return why no entry is to be made: a closed market, a listing gone or unread, or as told."""
        reasons = {symbol: self.listing.states.blocked(symbol) for symbol in self.listing.names}
        return self._held_back | {symbol: reason for symbol, reason in reasons.items() if reason}

    def closed(self, symbol: str, sale: Order | None = None) -> str:
        """Return why no order of a symbol is taken now; with a `sale` as its listing and a test of it say.

        Only a definite no counts: where the exchange does not answer, the sale is tried.
        """
        if symbol not in self.listing.names:
            return "it is not traded here"
        states = self.listing.states
        was = states.closed(symbol)
        if sale is None or (was and not states.look_due(symbol)):
            return was
        refused = ""
        try:
            refused = self._test(sale)
            if was or (refused and states.look_due(symbol, markets.FILTER_SECONDS)):
                self.listing.look(symbol)
        except RateLimited as fault:
            return str(fault)
        except VenueFault as fault:
            log.warning("market not asked", symbol=symbol, error=str(fault))
        return states.closed(symbol) or refused

    def _test(self, sale: Order) -> str:
        """Ask whether the exchange would take an order, without sending it (order/test); say what refuses it.

        Raises RateLimited where nothing may be asked now, VenueFault unanswered.
        """
        sized = self.gate.plain(sale)
        try:
            params = requests.order_params(sale, sized)
            self.wire.call("post", "order/test", params, signed=True, vital=True, exits=True)
        except ApiError as error:
            if self.shut(sale.symbol, error) or not outcome.filtered(error):
                return ""
            return f"the exchange refuses it: {error}"
        self.listing.states.taken(sale.symbol)
        return ""

    def shut(self, symbol: str, error: ApiError) -> bool:
        """Take in whether an error is of the market, not of the order, and say so."""
        if error.code == codes.BAD_SYMBOL and 400 <= error.status < 500:
            self.listing.states.gone(symbol)
        elif outcome.shut(error):
            self.listing.states.refused(symbol, str(error))
        return outcome.shut(error)
