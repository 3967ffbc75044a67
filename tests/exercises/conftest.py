"""What the tests of all pages' exercises share."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tfbook import exercises


@pytest.fixture
def assert_hint() -> Callable[[str, Any, str], None]:
    """Assert that an answer fails, and that its hint matches a pattern."""

    def assert_hint(name: str, answer: Any, pattern: str) -> None:
        hint = exercises.hint(name, answer)
        assert hint is not None
        assert re.search(pattern, hint), hint
        assert "\n" not in hint

    return assert_hint
