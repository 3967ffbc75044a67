"""Checks for the exercises of the page *Where the time goes*."""

import time
from typing import Any

import numpy as np

__all__ = ["break_even", "num_calls", "price", "steps_enough", "warm_seconds"]


def price(answer: Any) -> str | None:
    """Check what a step costs if it takes 20 us, a call 400 us, and a call does 100.

    Args:
        answer: Microseconds per step.

    Returns:
        `None` if it is 24, else a hint.

    Example:
        >>> price(420)
        'that is one step per call; the call is shared by 100 steps'
    """
    if np.isclose(answer, 420):
        return "that is one step per call; the call is shared by 100 steps"
    if np.isclose(answer, 2400):
        return "that is what the whole call takes; divide it by its 100 steps"
    if np.isclose(answer, 4):
        return "that is the step's share of the call; the step itself comes on top"
    return None if np.isclose(answer, 24) else f"{answer} is not step + call / k"


def steps_enough(answer: Any) -> str | None:
    """Check with how many steps the price of a call is a tenth of theirs.

    Args:
        answer: The number of steps, where a step takes 20 us and a call 400 us.

    Returns:
        `None` if it is 200, else a hint.

    Example:
        >>> steps_enough(20)
        'with 20 steps the call costs as much as they do; a tenth is wanted'
    """
    if answer == 20:
        return "with 20 steps the call costs as much as they do; a tenth is wanted"
    if answer != 200:
        return f"with {answer} steps the call costs {400 / (answer * 20):.3g} of them"
    return None


def num_calls(answer: Any) -> str | None:
    """Check a function that counts how often `train` gets control back.

    Args:
        answer: A function `(epochs, record_every)`.

    Returns:
        `None` if it rounds up, else a hint.

    Example:
        >>> num_calls(lambda epochs, record_every: epochs // record_every)
        '10 epochs, recorded every 4, returned 2; the rest of 2 epochs is a call too'
    """
    for epochs, every, calls in [(1000, 10, 100), (10, 4, 3), (3, 10, 1), (7, 1, 7)]:
        given = answer(epochs, every)
        if given == calls:
            continue
        case = f"{epochs} epochs, recorded every {every}, returned {given}"
        if given == epochs // every:
            return f"{case}; the rest of {epochs % every} epochs is a call too"
        return f"{case}; {calls} calls were wanted"
    return None


def warm_seconds(answer: Any) -> str | None:
    """Check a clock that leaves out the first call.

    Args:
        answer: A function of the function to time, which returns seconds.

    Returns:
        `None` if it returns the smallest of several later readings, else a hint.

    Example:
        >>> def first_too(function):
        ...     start = time.perf_counter()
        ...     function()
        ...     return time.perf_counter() - start
        >>> warm_seconds(first_too)
        'it called the function once; call it once to warm up, and then read the clock'
    """
    naps = iter([0.2, 0.05, 0.01])
    calls = []

    def function() -> None:
        calls.append(1)
        time.sleep(next(naps, 0.05))

    seconds = answer(function)
    if len(calls) < 2:
        return (
            "it called the function once; call it once to warm up, and then read the "
            "clock"
        )
    if seconds > 0.15:
        return "its answer holds the first call; keep that one off the clock"
    if len(calls) < 3:
        return "it read the clock once after warming up; read it several times"
    if not 0.005 < seconds < 0.04:
        return (
            f"the fastest call took about 0.01 s, it returned {seconds:.3f}; keep the "
            "smallest reading"
        )
    return None


def break_even(answer: Any) -> str | None:
    """Check after how many runs compiling has paid.

    Args:
        answer: A function `(first, later, without)` of seconds, to a number of runs, or
            to `None` if it never pays.

    Returns:
        `None` if it is the smallest number for which compiling is no slower, else a
        hint.

    Example:
        >>> break_even(lambda first, later, without: first / (without - later))
        '2.0 s once and 1.0 s later against 1.5 s returned 4.0 runs; the first run is
        also a run that would have taken 1.5 s; 2 were wanted'
    """
    cases = [(2.0, 1.0, 1.5, 2), (10.0, 1.0, 2.0, 9), (1.0, 1.0, 2.0, 1)]
    for first, later, without, runs in cases:
        given = answer(first, later, without)
        if given == runs:
            continue
        times = f"{first} s once and {later} s later against {without} s"
        case = f"{times} returned {given} runs"
        if given == first / (without - later):
            case += f"; the first run is also a run that would have taken {without} s"
        return f"{case}; {runs} were wanted"
    given = answer(2.0, 1.5, 1.0)
    if given is not None:
        return (
            f"where later calls are slower too it returned {given}; it never pays: None"
        )
    return None
