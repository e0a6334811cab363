"""A word to the processor: what will be read soon, so that nobody waits for it then."""

from collections.abc import Sequence

from domain.kernel import primitive


@primitive
def fetch(array: Sequence[int], index: int) -> None:
    """Have the number of an array at `index` on its way; in plain Python there is nothing to do."""
