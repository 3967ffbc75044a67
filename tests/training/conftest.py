"""What the tests of training share."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture
def _signals() -> Iterator[None]:
    """Let signals through: a process started in the background ignores Ctrl-C.

    One under `nohup` ignores that its terminal is gone. What is started from here
    inherits either.
    """
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
