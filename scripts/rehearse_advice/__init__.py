"""A rehearsal of advisers: `python -m scripts.rehearse_advice`."""
