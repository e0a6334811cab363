"""The room a home takes: its parts and their growth, the bounds a user sets, and the last backup."""
