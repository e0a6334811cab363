"""What the risk gate promises. Every branch of risk/ is run by these tests alone; this shows it.

.venv/bin/python -m pytest tests/risk --cov=risk --cov-branch --cov-report=term-missing --cov-fail-under=100
"""
