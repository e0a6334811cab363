"""The places of what a strategy keeps of another symbol's candles; its kernels are written by `declare`."""

COUNT, SEEN_AT, KNOWN, NUMBERS = 0, 1, 2, 3
"""Candles taken in, the open time of the last, the strategy's own candles since all its numbers are known
(two at most), and where the numbers begin that are looked at."""

ROW = 7
"""Numbers of a candle behind the memory of a backtest: which symbol (-1 - number where it begins anew), open
time, open, high, low, close, volume."""
