"""Telegram: a client of its Bot API, and the words of commands and answers, which are pure."""
