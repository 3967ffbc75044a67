"""Checks for the exercises of the page *Tensors and gradients*."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = [
    "central_slopes",
    "difference_shape",
    "grams_rate",
    "mean_squares",
    "slope_through_origin",
    "unstuck",
]


def difference_shape(answer: Any) -> str | None:
    """Check the shape of a column of 32 minus a flat tensor of 32.

    Args:
        answer: A tuple.

    Returns:
        `None` if it is the shape of a square, else a hint.

    Example:
        >>> difference_shape((32, 1))
        'that is the shape that was meant; from the right, 1 meets 32, and is repeated'
    """
    if not isinstance(answer, tuple):
        return "a shape is a tuple, such as (2, 3); write yours like that"
    if answer == (32, 1):
        return (
            "that is the shape that was meant; from the right, 1 meets 32, and is "
            "repeated"
        )
    if answer == (32,):
        return "no axis disappears in a difference; the column brings two of them"
    if answer != (32, 32):
        return "line the shapes up from the right: 1 meets 32, and 32 meets nothing"
    return None


def mean_squares(answer: Any) -> str | None:
    """Check a mean squared error that takes flat targets and columns.

    Args:
        answer: A function of predictions and targets, of shapes `(n,)` or `(n, 1)`.

    Returns:
        `None` if it is right for every pair of shapes, else a hint.

    Example:
        >>> mean_squares(lambda p, y: tf.reduce_mean((p - y) ** 2))
        'a column and flat targets: got 4, since each prediction met every target'
    """
    predictions = tf.constant([1.0, 2.0, 4.0, 5.0])
    targets = tf.constant([1.0, 3.0, 4.0, 2.0])
    columns = predictions[:, None], targets[:, None]
    cases = {
        "two columns": columns,
        "two flat tensors": (predictions, targets),
        "a column and flat targets": (columns[0], targets),
        "flat predictions and a column": (predictions, columns[1]),
    }
    for name, (first, second) in cases.items():
        given = np.asarray(answer(first, second))
        if given.shape != ():
            return f"{name}: expected one number, got the shape {given.shape}"
        if np.isclose(given, 10):
            return f"{name}: expected 2.5, got 10, the sum; divide by the rows"
        if np.isclose(given, 4):
            return f"{name}: got 4, since each prediction met every target"
        if not np.isclose(given, 2.5):
            return f"{name}: expected the mean of 0, 1, 0, 9, got {given:.4g}"
    return None


def central_slopes(answer: Any) -> str | None:
    """Check finite differences, one weight at a time.

    Args:
        answer: A function of `function`, a vector `w` and a step `delta`.

    Returns:
        `None` if it gives the slope for each weight, else a hint.

    Example:
        >>> central_slopes(lambda function, w, delta: w)
        'for w0² + 3 w1 + w0 w2 at (1, 2, 3), expected 5, 3, 1, got 1, 2, 3'
    """
    seen = []

    def function(w: Any) -> Any:
        seen.append(np.array(w, dtype=np.float64))
        return w[0] ** 2 + 3 * w[1] + w[0] * w[2]

    point = np.array([1.0, 2.0, 3.0])
    slopes = np.asarray(answer(function, point.copy(), 0.5), dtype=np.float64)
    if slopes.shape == ():
        return "expected one slope for each weight, got a single number"
    if slopes.shape != (3,):
        return f"expected a slope for each of 3 weights, got the shape {slopes.shape}"
    exact = np.array([5.0, 3.0, 1.0])
    if np.allclose(slopes, exact):
        return None
    if np.allclose(slopes, 2 * exact):
        return "twice too large: the two points are 2 delta apart"
    if np.allclose(slopes, [5.5, 3, 1]) or np.allclose(slopes, [4.5, 3, 1]):
        return "one-sided: right only where the function is straight; step both ways"
    if seen and all(np.ptp(w - point) == 0 for w in seen):
        return "all weights moved at once; move one, and leave the others"
    return "for w0² + 3 w1 + w0 w2 at (1, 2, 3), expected 5, 3, 1, got " + ", ".join(
        f"{slope:.4g}" for slope in slopes
    )


def unstuck(answer: Any) -> str | None:
    """Check a fit of one weight whose flaws have been fixed.

    Args:
        answer: A function of flat `x` and `y` that returns the weight.

    Returns:
        `None` if it finds the weight, for two different lines, else a hint.

    Example:
        >>> unstuck(lambda x, y: 0)
        'the weight is still 0; a variable made from 0 holds whole numbers'
    """
    x = np.linspace(0, 1, 8, dtype=np.float32)
    for slope in (2.5, -0.5):
        try:
            found = float(answer(x, slope * x))
        except (TypeError, ValueError) as error:
            if "None" in str(error):
                return (
                    "the gradient is still None; is the variable made from 0.0, and "
                    "does the record reach from it to the loss?"
                )
            raise
        except AttributeError as error:
            if "_id" in str(error):
                return "the loss is a NumPy number; take the mean with TensorFlow"
            raise
        if found == 0:
            return "the weight is still 0; a variable made from 0 holds whole numbers"
        if not np.isclose(found, slope, atol=0.01):
            return f"for y = {slope} x expected {slope}, got {found:.4g}"
    return None


def slope_through_origin(answer: Any) -> str | None:
    """Check the least-squares slope of a line through the origin.

    Args:
        answer: A function of flat arrays `x` and `y`.

    Returns:
        `None` if it is the sum of `x y` over the sum of `x²`, else a hint.

    Example:
        >>> slope_through_origin(lambda x, y: (y / x).mean())
        'that is the mean of y / x: each example counts the same, however small its x'
    """
    x, y = np.array([1.0, 2.0, 4.0]), np.array([3.0, 2.0, 6.0])
    found = np.asarray(answer(x, y), dtype=np.float64)
    if found.shape != ():
        return (
            f"expected one number, got the shape {found.shape}; sum over the examples"
        )
    hints = {
        (y / x).mean(): (
            "that is the mean of y / x: each example counts the same, however small "
            "its x"
        ),
        y.sum() / x.sum(): (
            "that makes the errors add up to zero; each needs the factor x_i, by the "
            "chain rule"
        ),
        (x * x).sum() / (x * y).sum(): "upside down: solve w times the sum of x² for w",
        np.polyfit(x, y, 1)[
            0
        ]: "that line has a start of its own; yours goes through 0",
        (x * y).mean(): "divide by the sum of x², not by the number of examples",
    }
    for wrong, message in hints.items():
        if np.isclose(found, wrong):
            return message
    right = (x * y).sum() / (x * x).sum()
    if not np.isclose(found, right):
        return f"for x = 1, 2, 4 and y = 3, 2, 6 expected {right:.4g}, got {found:.4g}"
    return None


def grams_rate(answer: Any) -> str | None:
    """Check the largest power of ten with which descent in grams still descends.

    Args:
        answer: A number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> grams_rate(0.0003)
        'expected a power of ten, such as 0.01, got 0.0003'
    """
    if isinstance(answer, bool) or not isinstance(answer, int | float) or answer <= 0:
        return "a learning rate is a positive number, such as 0.01"
    power = np.log10(answer)
    if not np.isclose(power, round(power)):
        return f"expected a power of ten, such as 0.01, got {answer:g}"
    if round(power) == -4:
        return (
            "a thousand times smaller is not enough: the curvature is made of products "
            "of two features"
        )
    if round(power) > -6:
        return "with that rate the loss explodes; go smaller"
    if round(power) < -6:
        return "that one works, but so does a rate ten times as large"
    return None
