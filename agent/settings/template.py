"""The strategy that `agent strategy new` writes: one that runs as it is, and is to be changed."""

TEMPLATE = '''"""{title}: buy where the close comes back above the lower band of a rising market."""

from reasoning.declare import Declared, bollinger, buy, crossed_above, ema, integer, number, sell


class {title}(Declared):
    length = integer(20, 5, 200, "candles of the bands")
    width = number(2.0, 0.5, 4.0, "deviations from the middle to a band")
    band = bollinger(length, width)
    trend = ema(100)

    def decide(self, now, last):
        if crossed_above(now.close, now.band.lower) and now.close > now.trend:
            return buy(stop=now.band.lower * 0.97, reason=f"back above the band at {{now.band.lower:.0f}}")
        if now.close > now.band.upper:
            return sell(reason=f"above the band at {{now.band.upper:.0f}}")
'''


def example(name: str) -> str:
    """Return the strategy under a name such as `my-bands`."""
    return TEMPLATE.format(title="".join(part.capitalize() for part in name.split("-")))
