"""What is right, what is not, and whether an account is fit to be traded."""
