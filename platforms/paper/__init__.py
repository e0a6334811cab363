"""The paper exchange: market, matching, account and the platform over them."""
