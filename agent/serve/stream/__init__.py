"""The live stream: journal rows as server-sent events by their numbers, from history into the present."""
