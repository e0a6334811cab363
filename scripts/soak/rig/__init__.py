"""What a soak runs: venues, faults, the process under test, its samples."""
