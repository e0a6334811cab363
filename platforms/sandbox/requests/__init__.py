"""The sandbox's requests: parameters, signatures, limits, operations, answers."""
