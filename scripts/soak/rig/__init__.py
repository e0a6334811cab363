"""The rig of a soak: venues, faults, the process under test, its samples."""
