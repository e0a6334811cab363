from agent import Agent, Settings
from domain.events import CycleEnded

settings = Settings(provider="simulated", speed="max", cycles=100, journal="from-python")
agent = Agent(settings)
agent.start()
for event in agent.events(after=agent.began):
    if isinstance(event, CycleEnded) and event.outcome == "executed":
        print("traded in cycle", event.cycle_id)
print(agent.join(), agent.status().account.equity)
