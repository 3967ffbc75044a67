"""Checks for the exercises of the page *Tensors*."""

import tracemalloc
from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import number

__all__ = [
    "centred_rows",
    "counter_stops",
    "difference_shape",
    "mean_of_square",
    "mean_squares",
]


def _sizes(answer: Any) -> tuple[int, ...] | None:
    """Read a shape, however it is kept; `None` says that it is no shape."""
    if isinstance(answer, tf.TensorShape):
        return tuple(answer.as_list()) if answer.rank else None
    sizes = [number(size) for size in answer] if np.iterable(answer) else []
    if not sizes or not all(size and size == int(size) for size in sizes):
        return None
    return tuple(int(size) for size in sizes if size)


def difference_shape(answer: Any) -> str | None:
    """Check the shape of a column of 32 minus a flat tensor of 32.

    Args:
        answer: A tuple, a list, an array, or a shape of TensorFlow.

    Returns:
        `None` if it is the shape of a square, else a hint.

    Example:
        >>> difference_shape((32, 1))
        'that is the shape that was meant; from the right, 1 meets 32, and is repeated'
    """
    shape = _sizes(answer)
    if shape is None:
        return "a shape is a tuple of sizes, such as (2, 3); write yours like that"
    if shape == (32, 1):
        return (
            "that is the shape that was meant; from the right, 1 meets 32, and is "
            "repeated"
        )
    if shape == (32,):
        return "no axis disappears in a difference; the column brings two of them"
    if shape != (32, 32):
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
    # Other numbers of rows, so that no size can be written into the answer.
    for rows in (1, 7):
        errors = np.arange(rows, dtype=np.float32) + 1
        column = tf.constant(errors[:, None])
        right = np.mean(errors**2)
        for second in (tf.zeros(rows), tf.zeros((rows, 1))):
            given = np.asarray(answer(column, second))
            if given.shape != () or not np.isclose(given, right):
                return (
                    f"right for 4 rows; with {rows}, whose errors are 1 to {rows}, "
                    f"expected {right:.4g}, got {given.tolist()}"
                )
    return None


def centred_rows(answer: Any) -> str | None:
    """Check a function that subtracts from each row its mean.

    Args:
        answer: A function of a table of any size, of whole numbers or fractions.

    Returns:
        `None` if the rows of its result have the mean 0, else a hint.

    Example:
        >>> centred_rows(lambda t: t - tf.reduce_mean(t, axis=1, keepdims=True))
        'from whole numbers it made whole numbers, so the fractions were cut off'
    """
    tables = {
        "a table of 2 rows and 3 columns": tf.constant([[1.0, 2.0, 6.0], [2.0, 3, 5]]),
        "a square table": tf.constant([[1.0, 2.0], [3.0, 6.0]]),
        "a table of whole numbers": tf.constant([[1, 2], [3, 6]]),
        "a table of 4 rows and 1 column": tf.constant([[1.0], [2.0], [3.0], [9.0]]),
        "whole numbers near 1e9, int32": tf.constant([[10**9, 10**9 + 3]] * 3),
        "whole numbers near 1e9, int64": tf.constant(
            [[10**9, 10**9 + 1, 10**9 + 5]], tf.int64
        ),
        "numbers near 1e9, float32": tf.constant([[1e9, 1e9 + 64]]),
        "numbers near 1e9, float64": tf.constant(
            [[1e9 + 0.25, 1e9 + 0.75], [1e9, 1e9 + 2]], tf.float64
        ),
    }
    for name, table in tables.items():
        try:
            found = np.asarray(answer(table))
        except tf.errors.InvalidArgumentError as error:
            if "shapes" in str(error):
                return f"{name}: the means are flat; keep their axis, of length 1"
            raise
        numbers = table.numpy().astype(np.float64)
        if found.shape != numbers.shape:
            return f"{name}: expected the shape {numbers.shape}, got {found.shape}"
        columns = numbers - numbers.mean(axis=0)
        if "1e9" not in name and np.allclose(found, columns):
            return f"{name}: the columns have the mean 0; the axis to remove is 1"
        if found.dtype.kind == "i":
            return (
                "from whole numbers it made whole numbers, so the fractions were cut "
                "off"
            )
        if "1e9" not in name and np.allclose(found, numbers - numbers.mean()):
            return f"{name}: that is the mean of all; take one for each row, on axis 1"
        right = numbers - numbers.mean(axis=1, keepdims=True)
        if "1e9" in name and not np.allclose(found, right, atol=1e-5):
            return (
                f"{name}: expected {right[0].round(2).tolist()} in the first row, got "
                f"{found[0].tolist()}; a float32 keeps too few digits for that"
            )
        if not np.allclose(found, right, atol=1e-5):
            return (
                f"{name}: expected {right.round(2).tolist()}, got "
                f"{found.astype(np.float64).round(2).tolist()}"
            )
    return None


def counter_stops(answer: Any) -> str | None:
    """Check the smallest power of two to which a `float32` cannot add 1.

    Args:
        answer: A number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> counter_stops(1000)
        'expected a power of two, such as 1024, got 1000'
    """
    start = number(answer)
    if start is None or not start > 0:
        return "expected a positive number, such as 1024"
    mantissa, exponent = np.frexp(start)
    if mantissa != 0.5:
        return f"expected a power of two, such as 1024, got {start:g}"
    if exponent - 1 == 53:
        return "that is where a float64 stops; the variable must be a float32"
    if exponent - 1 > 24:
        return "the counter has stopped there, but a smaller power stops it too"
    if exponent - 1 < 24:
        return "from there it counts on; double it again"
    return None


def mean_of_square(answer: Any) -> str | None:
    """Check the mean over the square that perfect predictions and flat targets make.

    Args:
        answer: A function of a flat array of targets.

    Returns:
        `None` if it is twice their variance, else a hint.

    Example:
        >>> mean_of_square(lambda y: y.var())
        'half of it: both y_i² and y_j² have the mean of the squares'
    """
    y = np.array([1.0, 2.0, 6.0])
    found = np.asarray(answer(y), dtype=np.float64)
    if found.shape != ():
        return f"expected one number, got the shape {found.shape}"
    right = 2 * y.var()
    hints = {
        0.0: "that was meant; in the square each prediction meets every target",
        right / 2: "half of it: both y_i² and y_j² have the mean of the squares",
        2 * y.var(ddof=1): "divide by n², the number of pairs, and not by n (n - 1)",
        right * len(y) ** 2: "that is the sum over all pairs; divide by n²",
        right * len(y): "divide by n²: the square has n times n numbers",
        2 * (y**2).mean(): "the mixed terms do not cancel: y_i y_j has a mean too",
        -right: "the sign is wrong; no square is negative",
        y.mean()
        ** 2: "that is the square of the mean; the mean of the squares differs",
    }
    for wrong, message in hints.items():
        if np.isclose(found, wrong):
            return message
    if not np.isclose(found, right):
        return f"for y = 1, 2, 6 expected {right:.4g}, got {found:.4g}"
    others = np.array([-3.0, 0.5, 4.0, 4.0, 7.5])
    found, right = np.asarray(answer(others)), 2 * others.var()
    if found.shape != () or not np.isclose(found, right):
        return (
            f"right for y = 1, 2, 6; for {', '.join(f'{each:g}' for each in others)} "
            f"expected {right:.4g}, got {found.tolist()}"
        )
    if _needs_much_memory(answer):
        return "right, but it makes all the pairs; two means over n numbers are enough"
    return None


def _needs_much_memory(answer: Any, numbers: int = 500) -> bool:
    """Whether a function of a flat array holds one number for each pair of its numbers.

    Only what NumPy and Python hold is counted.
    """
    y = np.linspace(0, 1, numbers)
    answer(y)  # what a first call loads or compiles is not counted
    if tracemalloc.is_tracing():
        return False  # it belongs to someone else
    tracemalloc.start()
    try:
        answer(y)
        return tracemalloc.get_traced_memory()[1] > numbers**2 * y.itemsize / 2
    finally:
        tracemalloc.stop()
