"""Remember: append-only, hash-chained rows in SQLite or in memory; verified, anchored, exported."""
