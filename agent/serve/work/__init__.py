"""Work beside the agents: backtests, walk-forwards and studies, each in a process of its own."""
