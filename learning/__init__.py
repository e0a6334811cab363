"""Feed back: outcomes become lessons, lessons become each voice's weight. Pure: no clock, no I/O."""
