from agent.settings.load import load

settings = load({"provider": "simulated", "cycles": 1})
print(settings.provider, settings.cycles)
