"""Settings that cannot be used, with all that is wrong with them."""

from collections.abc import Iterable

from domain.errors import BadInput


class BadSettings(BadInput):
    """Settings that cannot be used; `problems` holds every one of them."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))
