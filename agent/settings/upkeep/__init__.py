"""Settings of the work beside the agents of a home: jobs, alerts, Telegram, backups, retention, the gate."""
