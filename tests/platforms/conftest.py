"""The contract suite is no test module by name, so its asserts are rewritten on request."""

import pytest

pytest.register_assert_rewrite("tests.platforms.contract")
