"""Tests of training: splits, labels, models as arrays."""
