"""Training: which entries would have paid, learned without looking ahead, and what that is worth."""
