"""The process and its machine: clock, log, locks, files written whole, and how a process dies on purpose."""
