import time

from agent import Agent, Settings

with Agent(Settings(provider="simulated", interval_seconds=0.02, journal="api")) as agent:
    while agent.status().cycle < 3:
        time.sleep(0.05)
    agent.pause()
    agent.unpause()
    agent.kill("drill")
    print("kill switch:", agent.status().account.kill_switch)
    agent.reset_kill("drill over")
    print("cycle 1:", agent.why(1).outcome)
print("ended:", agent.join())
