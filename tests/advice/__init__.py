"""Advice: its money, its questions, its answers, and who is asked."""
