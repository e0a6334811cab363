"""Files for whoever watches the agents from outside: alert rules, a Prometheus, a Grafana."""
