"""Checks for the exercises of the page *How a network dies*."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["all_rows_agree", "race_edge", "saved", "small_slope"]


def saved(answer: Any) -> str | None:
    """Check which of four changes saves the network that died.

    Args:
        answer: A list of four booleans.

    Returns:
        `None` if all are right, else a hint for the first that is wrong.

    Example:
        >>> saved([True, True, True, False])
        'change 1: at every rate that was tried the units were turned off first'
    """
    if np.shape(answer) != (4,):
        return "four answers in a list are wanted, True or False for each change"
    if np.asarray(answer).dtype.kind not in "biu":
        return "write True and False as they are, without quotes"
    right = [False, True, True, False]
    hints = [
        "at every rate that was tried the units were turned off first",
        "negative output weights can reach negative targets; nothing turns units off",
        "with positive output weights the way to positive targets is up",
        "after the last unit is dead every gradient is 0, so more steps change nothing",
    ]
    for number, (given, wanted) in enumerate(zip(answer, right, strict=True)):
        if given != wanted:
            return f"change {number + 1}: {hints[number]}"
    return None


def race_edge(answer: Any) -> str | None:
    """Check the output weight from which a network of one unit just dies.

    Args:
        answer: The largest negative weight from which the unit is dead after training.

    Returns:
        `None` if it is within 0.01 of the edge and on the dead side, or the edge
        itself, rounded to two decimals; else a hint.

    Example:
        >>> race_edge(-0.5)
        'from -0.5 it lives; go further down'
    """
    if isinstance(answer, str) or np.ndim(answer) != 0:
        return "one number is wanted, the first v"
    start = float(answer)
    if not start < 0:
        return "a negative v is wanted; a positive one would need no race"

    def survives(v: float, w: float = 1.0) -> bool:
        for _ in range(100):
            h = max(2 * w, 0.0)
            delta = 2 * (v * h - 4)
            w, v = w - 0.05 * 2 * delta * v * (h > 0), v - 0.05 * h * delta
        return w > 0

    if not survives(start - 0.001) and survives(start + 0.001):
        return None
    if survives(start):
        if not survives(start - 0.01):
            return f"from {start:.4g} it just lives; the answer is on the other side"
        return f"from {start:.4g} it lives; go further down"
    if not survives(start + 0.01):
        return f"from {start:.4g} it dies, and so it does from a larger one; go up"
    return None


def small_slope(answer: Any) -> str | None:
    """Check a ReLU with a slope of 0.1 below zero.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it is right on both sides, else a hint.

    Example:
        >>> small_slope(lambda z: 0.1 * z)
        'below zero it is right, but of 2.0 it made 0.2; positive numbers stay'
    """
    try:
        values = [answer(tf.constant(z)) for z in ([-5.0, -1.0], [0.5, 2.0])]
        table = np.shape(answer(tf.ones((2, 3))))
    except ValueError as error:
        if "truth value" in str(error).lower():
            return (
                "`if` and `max` ask one question about all numbers; tf.where and "
                "tf.maximum go number by number"
            )
        raise
    below, above = map(np.asarray, values)
    if below.shape != (2,):
        return f"of 2 numbers it made the shape {below.shape}; the shape should stay"
    if table != (2, 3):
        return f"of the shape (2, 3) it made {table}; the shape should stay"
    if np.allclose(below, 0):
        return "it is 0 below zero, as ReLU is; -5.0 should become -0.5"
    if not np.allclose(below, [-0.5, -0.1]):
        return f"of -5.0 it made {below[0]:.4g}; 0.1 times the number is wanted there"
    if not np.allclose(above, [0.5, 2.0]):
        return (
            f"below zero it is right, but of 2.0 it made {above[1]:.4g}; positive "
            "numbers stay"
        )
    z = tf.constant([-2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(z)
        bent = answer(z)
    slope = tape.gradient(bent, z) if tf.is_tensor(bent) else None
    if slope is None:
        return (
            "the values are right, but no gradient passes; use TensorFlow's operations"
        )
    if not np.allclose(slope, [0.1, 1.0]):
        return f"the values are right, but the slopes at -2 and 3 are {slope.numpy()}"
    return None


def all_rows_agree(answer: Any) -> str | None:
    """Check a test of whether two models agree.

    Args:
        answer: A function of two arrays of predictions, of shape `(n, 1)`.

    Returns:
        `None` if it is true for rounding errors and false for one wrong row, else a
        hint.

    Example:
        >>> all_rows_agree(lambda a, b: np.isclose(a, b).any())
        'one row of three agreed, and it said yes; all rows have to'
    """
    a = np.array([[1.0], [2.0], [3.0]], np.float32)
    other = np.array([[1.0], [5.0], [4.0]], np.float32)
    same = answer(a, a)
    if isinstance(same, str) or np.shape(same) != ():
        got = "text" if isinstance(same, str) else f"the shape {np.shape(same)}"
        return f"one answer is wanted for all rows, True or False, and not {got}"
    if not same:
        return "it says that a model does not agree with itself"
    if answer(a, other):
        if not answer(other, a):
            return "a prediction that is too large counts too; take the absolute value"
        return "one row of three agreed, and it said yes; all rows have to"
    if answer(a, a[::-1]):
        return "equal means are not equal rows; compare row by row"
    if not answer(a, a + np.float32(1e-6)):
        return (
            "a difference in the seventh digit is rounding; ask for rows that are close"
        )
    near_zero = np.array([[0.0], [2.0], [3.0]], np.float32)
    if not answer(near_zero, near_zero + np.float32(1e-6)):
        return (
            "rounding near 0 is a large share of the number; allow for an absolute "
            "error, atol, too"
        )
    last = np.array([[0.0], [0.0], [1.0]], np.float32)
    if answer(a, a - 0.1 * last) and not answer(a, a + 0.1 * last):
        return "a prediction that is too small counts as well; take the absolute value"
    for gap in (0.1, 1e-3, 4e-4):
        if answer(a, a + gap * last):
            return (
                f"the last row differs by {gap:g}, and it said yes; is the tolerance "
                "too wide?"
            )
    many, one_off = np.ones((2, 1000, 1), np.float32)
    if not answer(many, many + np.float32(1e-6)):
        return "rounding in a thousand rows adds up; compare row by row, and do not sum"
    one_off[-1] += 0.01
    if answer(many, one_off):
        return "a mean hides one wrong row among a thousand; compare row by row"
    edges = np.float32(0.5) ** np.arange(1, 7, dtype=np.float32)[:, None]
    if not answer(edges - np.float32(1e-7), edges + np.float32(1e-7)):
        return "neighbours may be rounded up and down; ask for a small difference"
    return None
