"""Answers as a chat shows them: short lines of plain text, for a phone's width. Pure."""
