"""A front end in 30 lines: it watches an agent on the simulated market, then pauses and kills it."""

import tempfile

from agent import Agent, Settings
from domain.events import CycleDecided, CycleEnded, OrderReported

settings = Settings(
    provider="simulated", speed="max", cycles=400, journal="front-end", home=tempfile.mkdtemp(prefix="boyd-")
)
with Agent(settings) as agent:
    trades = 0
    for event in agent.events(after=agent.began):  # each once, in the journal's order
        match event:
            case CycleDecided(decisions=decisions):
                wanted = [decision for decision in decisions if decision.action != "HOLD"]
                for decision in wanted:
                    print(f"cycle {event.cycle_id}: {decision.action} {decision.symbol}")
            case OrderReported(receipt=receipt) if receipt.fills:
                trades += 1
                print(f"cycle {event.cycle_id}: {receipt.client_id} {receipt.status}, {receipt.filled} lots")
            case CycleEnded(cycle_id=cycle) if trades:
                agent.pause()
                agent.kill("one trade is enough for an example")
                print(agent.why(cycle).outcome, "| kill switch:", agent.status().account.kill_switch)
                break
