"""The same strategies on the same candles in every engine, in one run."""
