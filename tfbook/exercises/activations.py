"""Checks for the exercises of the page *Activations*."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = [
    "absolute",
    "all_rows_agree",
    "hat",
    "one_step",
    "saved",
    "small_slope",
]


def one_step(answer: Any) -> str | None:
    """Check one step of gradient descent for a network of one unit, done on paper.

    Args:
        answer: The two derivatives and the two new weights.

    Returns:
        `None` if they are right, else a hint.

    Example:
        >>> one_step([24, -24, 2.2, -2.2])
        'the derivatives are right; a step goes against them, so subtract'
    """
    if np.shape(answer) != (4,):
        return "four numbers in a list are wanted: two derivatives, two new weights"
    slopes, weights = np.array(answer[:2], float), np.array(answer[2:], float)
    if np.allclose(slopes, [24, -24]):
        if np.allclose(weights, [-0.2, 0.2]):
            return None
        if np.allclose(weights, [2.2, -2.2]):
            return "the derivatives are right; a step goes against them, so subtract"
        if np.allclose(weights, [-23, 23]):
            return "the derivatives are right; multiply them by the learning rate, 0.05"
        if np.allclose(weights, [-0.2, -0.52]):
            return "compute both derivatives first; the old w belongs to both"
        return "the derivatives are right; new is old minus 0.05 times the derivative"
    hints = {
        (
            12,
            -12,
        ): "half of it; the slope of the squared error is 2 times the error",
        (-24, 24): "both have the wrong sign; the error is prediction minus target",
        (-24, -24): "for w, the output weight v = -1 is a factor too",
        (12, -24): "for w, the input x = 2 is a factor too",
        (24, -12): "for v, the factor is the output of the unit, h = 2",
        (0, -24): "the unit fires, since w x = 2, so the slope of its ReLU is 1",
        (8, -8): "the prediction is v relu(w x) = -2, so the error is -2 - 4 = -6",
    }
    for wrong, hint in hints.items():
        if np.allclose(slopes, wrong):
            return hint
    return "begin with the error, -2 - 4 = -6; its square has the slope -12"


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


def _values(answer: Any, z: list[float]) -> np.ndarray:
    """Return what a function computes for a float32 tensor, as an array."""
    return np.asarray(answer(tf.constant(z)))


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
    below, above = _values(answer, [-5.0, -1.0]), _values(answer, [0.5, 2.0])
    if below.shape != (2,):
        return f"of 2 numbers it made the shape {below.shape}; the shape should stay"
    if np.allclose(below, 0):
        return "it is 0 below zero, as ReLU is; -5.0 should become -0.5"
    if not np.allclose(below, [-0.5, -0.1]):
        return f"of -5.0 it made {below[0]:.4g}; 0.1 times the number is wanted there"
    if not np.allclose(above, [0.5, 2.0]):
        return (
            f"below zero it is right, but of 2.0 it made {above[1]:.4g}; positive "
            "numbers stay"
        )
    return None


def absolute(answer: Any) -> str | None:
    """Check an absolute value made of ReLUs.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it returns the absolute value, else a hint.

    Example:
        >>> absolute(lambda z: tf.nn.relu(z))
        'of -3.0 it made 0; a second ReLU has to catch the negative side'
    """
    values = _values(answer, [-3.0, 0.0, 4.0])
    if values.shape != (3,):
        return f"of 3 numbers it made the shape {values.shape}; the shape should stay"
    if values[2] == 4 and values[0] == 0:
        return "of -3.0 it made 0; a second ReLU has to catch the negative side"
    if values[0] == -3:
        return "relu(z) - relu(-z) is z itself; the two sides have to be added"
    if not np.allclose(values, [3, 0, 4]):
        return f"of -3, 0, 4 it made {values}; the absolute values are 3, 0, 4"
    return None


def hat(answer: Any) -> str | None:
    """Check a hat: 0 up to 0, 1 at 1, 0 again from 2 on, straight between.

    Args:
        answer: A function of a tensor.

    Returns:
        `None` if it has that form, else a hint.

    Example:
        >>> hat(lambda z: tf.nn.relu(z) - tf.nn.relu(z - 1))
        'right up to 1, but at 2.0 it is 1; after the bend at 1 it has to fall'
    """
    z = [-3.0, 0.0, 0.5, 1.0, 1.5, 2.0, 5.0]
    values = _values(answer, z)
    if values.shape != (7,):
        return f"of 7 numbers it made the shape {values.shape}; the shape should stay"
    wrong = ~np.isclose(values, [0, 0, 0.5, 1, 0.5, 0, 0], atol=1e-6)
    if not wrong.any():
        return None
    if wrong[:4].any():
        first = int(np.argmax(wrong))
        return (
            f"at {z[first]} it is {values[first]:.4g}; it should be 0 up to 0 and then "
            "rise to 1 at 1"
        )
    if np.isclose(values[5], 1):
        return "right up to 1, but at 2.0 it is 1; after the bend at 1 it has to fall"
    if wrong[6] and not wrong[:6].any():
        value = f"at 5.0 it is {values[6]:.4g}"
        return f"right up to 2, but {value}; a third bend should stop the fall"
    return f"right up to 1, but at 1.5 it is {values[4]:.4g} instead of 0.5"


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
    if np.shape(answer(a, a)) != ():
        return "one answer is wanted for all rows, True or False"
    if not answer(a, a):
        return "it says that a model does not agree with itself"
    if answer(a, other):
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
    for gap in (0.1, 1e-3):
        if answer(a, a + gap * last):
            return (
                f"the last row differs by {gap:g}, and it said yes; is the tolerance "
                "too wide?"
            )
    return None
