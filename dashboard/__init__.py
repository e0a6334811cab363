"""The web page's files: templates, scripts, styles and charts, which the reports use too; imports nothing."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
