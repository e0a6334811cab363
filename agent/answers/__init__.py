"""The typed answers of every command, of the Python API and of the control socket: structs, and no work."""
