"""What headlines say of an asset, as one number that decays."""
