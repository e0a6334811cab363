"""An account with its agent: opened, run, asked and steered from outside."""
