"""Proofs: a session replayed, a backtest held against the loop, a strategy that cannot look ahead."""
