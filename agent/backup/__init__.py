"""Backups of a home: rows of journals in segments and the files beside them, taken while agents run."""
