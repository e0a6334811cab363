"""Candle files of any program, recognised and read within limits."""
