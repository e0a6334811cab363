"""What may be asked of the sandbox: parameters, signatures, limits, operations, answers."""
