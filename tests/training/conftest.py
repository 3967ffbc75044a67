"""What the tests of training share."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Let Ctrl-C through: a process started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
