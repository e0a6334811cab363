"""Why a cycle ended as it did, and what would have turned it."""
