"""The costs of the loop: speed, memory and start-up as figures, and as multiples of floors beside them.

Run with `make bench` or `python -m benchmarks`. No hooks in the product: everything is measured from
outside, in processes of its own.
"""
