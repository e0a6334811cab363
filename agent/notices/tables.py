"""The tables of the notices' file."""

FORMAT = 1
"""Of the tables. A file of a higher one was written by a newer program."""

DDL = """
CREATE TABLE IF NOT EXISTS notices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    severity TEXT NOT NULL, agent TEXT, title TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL,
    incident TEXT NOT NULL DEFAULT '', over INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS incidents (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, agent TEXT,
    title TEXT NOT NULL, began INTEGER NOT NULL, seq INTEGER NOT NULL, ended INTEGER
);
CREATE UNIQUE INDEX IF NOT EXISTS incidents_open ON incidents (key) WHERE ended IS NULL;
CREATE TABLE IF NOT EXISTS acknowledged (
    id TEXT PRIMARY KEY, person TEXT NOT NULL, at INTEGER NOT NULL
) WITHOUT ROWID;

-- How far each channel has told: the last row of a journal (source: its id), or notice (source 'notices').
CREATE TABLE IF NOT EXISTS cursors (
    channel TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (channel, source)
) WITHOUT ROWID;
-- What a channel passed over for later: where to read it again. Nothing of it is copied here.
CREATE TABLE IF NOT EXISTS held (
    channel TEXT NOT NULL, source TEXT NOT NULL, seq INTEGER NOT NULL, part INTEGER NOT NULL,
    due INTEGER NOT NULL, PRIMARY KEY (channel, source, seq, part)
) WITHOUT ROWID;
-- What a channel told last of a kind, and how often it was said again since without being told.
CREATE TABLE IF NOT EXISTS told (
    channel TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, again INTEGER NOT NULL,
    PRIMARY KEY (channel, key)
) WITHOUT ROWID;
-- What somebody has to see to, until it is acknowledged or resolved by itself.
CREATE TABLE IF NOT EXISTS concerns (
    id TEXT PRIMARY KEY, agent TEXT, kind TEXT NOT NULL, title TEXT NOT NULL, about TEXT NOT NULL,
    at INTEGER NOT NULL, times INTEGER NOT NULL, resolved INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channels (name TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    severity TEXT NOT NULL, agent TEXT, title TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL
);
"""

OLD = (
    "incidents WHERE ended < ? AND number < (SELECT max(number) FROM incidents)",
    "concerns WHERE resolved < ?",
    "acknowledged WHERE at < ? AND id NOT IN (SELECT id FROM concerns)",
    "told WHERE at < ?",
    """notices WHERE at < ? AND seq < (SELECT max(seq) FROM notices)
        AND seq NOT IN (SELECT seq FROM incidents WHERE ended IS NULL)
        AND 'notice-' || seq NOT IN (SELECT id FROM concerns)""",
)
"""The rows that are over and older than an instant, in the order in which they go."""
