"""The work behind each command: ask, print, exit code."""
