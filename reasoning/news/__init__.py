"""The sentiment of an asset's headlines, as one number that decays."""
