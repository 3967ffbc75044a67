"""Ctrl-C, put off until nothing is lost by it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """Note a Ctrl-C instead of raising at once; a second one raises.

    Python learns of it only when a compiled call returns. By then the epochs are done
    and the weights have moved: an exception there would lose the row and the
    checkpoint of work that is finished. Where somebody else handles the signal, as
    outside the main thread, all stays as it is.
    """
    asked = threading.Event()
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )

    def note(number: int, frame: object) -> None:
        if asked.is_set():
            signal.default_int_handler(number, frame)  # type: ignore[arg-type]
        asked.set()

    if ours:
        signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
