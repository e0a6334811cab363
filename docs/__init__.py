"""Documentation; `python -m docs.diagram` writes the generated parts anew."""
