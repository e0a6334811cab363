"""Kelly's share of a bet that gains or loses, in units of what is lost.

Kelly, "A new interpretation of information rate", Bell System Technical Journal 35, 1956; Thorp, "The Kelly
criterion in blackjack, sports betting, and the stock market", 2006: a bet that gains w or loses l of what is
bet, with probability p of the gain, grows fastest at f = (p w - (1 - p) l) / (w l). In units of the loss that
is f l = p - (1 - p) / R with R = w / l.
"""

from domain.kernel import kernel


@kernel
def kelly(chance: float, payoff: float) -> float:
    """Return the share of capital to lose at most, below 0 where the bet loses on average.

    `payoff` is the mean gain over the mean loss, above 0.
    """
    return chance - (1.0 - chance) / payoff
