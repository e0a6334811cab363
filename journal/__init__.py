"""Remember: append-only, hash-chained rows in SQLite, on PostgreSQL or in memory; verified, anchored."""
