"""The image's health: whether the agent that has the account here answers. Exit code 0: it does."""

import os
import sys
from pathlib import Path

from agent.account.client import AccountClient
from agent.settings.home import Home

sys.exit(not AccountClient(Home(Path(os.environ["AGENT_HOME"])), None).status().running)
