"""The statistics of a result, each by a named formula."""
