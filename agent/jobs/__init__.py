"""Jobs of a home: due by a schedule, done once each time, whoever is killed meanwhile."""
