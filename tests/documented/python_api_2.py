from decimal import Decimal

from agent import Agent, Settings
from domain.commands import ClosePosition, Kill
from domain.errors import BadInput
from domain.replies import KillSwitch

with Agent(Settings(provider="simulated", interval_seconds=0, journal="commanded")) as agent:
    kill = Kill(reason="odd prices", by="alice", key="alice-1")
    reply = agent.handle(kill)
    if isinstance(reply, KillSwitch):
        print(reply.kill_switch)
    print(agent.handle(kill) == reply)
    try:
        agent.handle(ClosePosition(symbol="XRP-USDT", share=Decimal("0.5"), reason="half"))
    except BadInput as refused:
        print("refused:", str(refused).split(":")[0])
