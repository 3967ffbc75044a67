"""Checks for the exercises of the page *Order in time*."""

import numbers
from typing import Any

import numpy as np

__all__ = ["kept", "recurrent_states", "recurrent_weights", "short_memory"]


def recurrent_weights(answer: Any) -> str | None:
    """Check how many weights `SimpleRNN(6)` has for 100 times and 4 channels.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> recurrent_weights(60)
        'the 6 biases are missing'
    """
    value = np.asarray(answer)
    if value.shape or not isinstance(value.item(), numbers.Real):
        return "expected one number, such as 12"
    hints = {
        60: "the 6 biases are missing",
        30: "the old state has weights, too: one from each unit to each unit",
        24: "the old state has weights, too: one from each unit to each unit",
        36: "the input has weights, too: one from each channel to each unit",
        42: "the input has weights, too: one from each channel to each unit",
        36 + 600 + 6: "a channel is read with the same weights at each time",
        36 + 2400 + 6: "all times share the same weights",
        6600: "all times share the same weights",
    }
    if value.item() != 66:
        return hints.get(value.item(), "add up kernel, recurrent kernel, and biases")
    return None


def recurrent_states(answer: Any) -> str | None:
    """Check a recurrence that returns the state at every time.

    Args:
        answer: A function of `x`, `(rows, times, channels)`, and the three weights.

    Returns:
        `None` if it returns all states, of shape `(rows, times, units)`, else a hint.

    Example:
        >>> recurrent_states(lambda x, kernel, recurrent_kernel, bias: x @ kernel)
        'the first state is not tanh of what was read; each state goes through tanh'
    """
    rng = np.random.default_rng(0)
    x, kernel = rng.standard_normal((2, 4, 3)), rng.standard_normal((3, 5))
    recurrent, bias = rng.standard_normal((5, 5)), rng.standard_normal(5)

    def states(recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
        state, found = np.zeros((2, 5)), []
        for time in range(4):
            state = np.tanh(x[:, time] @ kernel + state @ recurrent + bias)
            found.append(state)
        return np.stack(found, axis=1)

    wanted = states(recurrent, bias)
    given = np.asarray(answer(x, kernel, recurrent, bias))
    if given.shape == (2, 5):
        return "that is one state; collect the state of each time"
    if given.shape == (4, 2, 5):
        return "the times came first; stack them as axis 1, after the rows"
    if given.shape != wanted.shape:
        return f"expected (rows, times, units) = (2, 4, 5), got {given.shape}"
    if np.allclose(given, wanted):
        return None
    if np.allclose(given, np.tanh(x @ kernel + bias)):
        return "no state depends on the one before; add state @ recurrent_kernel"
    if np.allclose(given, states(recurrent.T, bias)):
        return "the recurrent kernel is transposed; it is state @ recurrent_kernel"
    if np.allclose(given, states(recurrent, np.zeros(5))):
        return "the bias is missing"
    if np.allclose(given, wanted[:, -1:]):
        return "every time has the last state; collect each state as it is computed"
    if not np.allclose(given[:, 0], wanted[:, 0]):
        return (
            "the first state is not tanh of what was read; each state goes through tanh"
        )
    return (
        "the first state is right, but not the later ones; what does each start from?"
    )


def kept(answer: Any) -> str | None:
    """Check what a unit without input keeps in the end.

    Args:
        answer: A function of the weight of the old state, 0 or more.

    Returns:
        `None` if it returns where the states tanh(w), tanh(w tanh(w)), ... end, else a
        hint.

    Example:
        >>> kept(lambda old: np.tanh(old))
        'for a weight of 2 it returned 0.964, the state after one time; go on'
    """

    def state_after(old: float, times: int) -> float:
        state = 1.0
        for _ in range(times):
            state = np.tanh(old * state)
        return float(state)

    for old in (2.0, 1.1, 0.5, 0.95, 1.5, 3.0, 0.0):
        given = np.asarray(answer(old), dtype=float)
        if given.size != 1:
            return f"expected one number, got the shape {given.shape}"
        given, wanted = given.item(), state_after(old, 100_000)
        if np.isclose(given, wanted, atol=1e-3):
            continue
        if np.isclose(given, state_after(old, 1), atol=1e-6):
            return (
                f"for a weight of {old:g} it returned {given:.3f}, the state after one "
                "time; go on"
            )
        if np.isclose(given, -wanted, atol=1e-3):
            return f"for a weight of {old:g} the state starts at 1 and stays positive"
        if np.isclose(given, 0, atol=1e-3):
            return (
                f"for a weight of {old:g} it returned 0, which is kept too, but not "
                "reached from the state 1"
            )
        return (
            f"for a weight of {old:g} it returned {given:.3f}; where is tanh(w h) = h? "
            "Near a weight of 1 that takes many times"
        )
    return None


def short_memory(answer: Any) -> str | None:
    """Check a rule that knows the last few times only.

    Args:
        answer: A function of rows of events, `(rows, times, 1)`, and of `k`.

    Returns:
        `None` if it returns the last event among the last `k` times for each row, and
        0 where there is none, else a hint.

    Example:
        >>> short_memory(lambda x, k: x[:, -1, 0])
        'it looks at the last time only; with k = 3 at the last three'
    """
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.6, 0.2], size=(200, 7, 1))

    def last_event(rows: np.ndarray) -> np.ndarray:
        found = [row[np.flatnonzero(row)] for row in rows[:, :, 0]]
        return np.array([row[-1] if len(row) else 0 for row in found])

    for k in (3, 1, 7):
        given = np.asarray(answer(x.copy(), k))
        if given.shape not in {(200,), (200, 1)}:
            return f"expected one answer for each of 200 rows, got shape {given.shape}"
        given, tail = given.ravel(), x[:, -k:]
        if np.array_equal(given, last_event(tail)):
            continue
        if np.array_equal(given, x[:, -1, 0]):
            return f"it looks at the last time only; with k = {k} at the last three"
        if np.array_equal(given, last_event(x)):
            return f"it looks at all times; with k = {k} it must not see the first ones"
        if np.array_equal(given, last_event(tail[:, ::-1])):
            return "that is the first event among them; the last one counts"
        if np.array_equal(given, last_event(x[:, :k])):
            return "those are the first times; take the last k"
        if np.array_equal(given, np.sign(tail.sum(axis=(1, 2)))):
            return "that is the sign of the sum; only the last event counts"
        return f"wrong with k = {k}; where the last k times hold no event, return 0"
    return None
