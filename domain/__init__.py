"""Floor 0: values, messages, ports, the kernel marker and errors. Imports nothing of the project."""
