"""The loop: one cycle top to bottom, its pace, and the session it belongs to."""
