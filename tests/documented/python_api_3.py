import asyncio

from agent import Agent, Settings
from domain.events import CycleEnded


async def watch() -> None:
    with Agent(Settings(provider="simulated", speed="max", cycles=5, journal="watched")) as agent:
        events = agent.events(after=agent.status().seq)
        async for event in events:
            if isinstance(event, CycleEnded) and event.cycle_id == 5:
                print("cycle", event.cycle_id, "is row", events.seq)


asyncio.run(watch())
