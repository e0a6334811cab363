"""The server beside an agent: what it costs the loop, how fast it tells and answers, and what it holds."""
