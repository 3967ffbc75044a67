"""Checks for the exercises of the page *Tensors, gradients and graphs*."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = [
    "central_slopes",
    "descend",
    "difference_shape",
    "mean_squares",
    "sum_of_cubes",
    "trace_count",
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


def trace_count(answer: Any) -> str | None:
    """Check how often a function is traced in six calls.

    Args:
        answer: A whole number.

    Returns:
        `None` if it is right, else a hint.

    Example:
        >>> trace_count(6)
        'that is every call; two of the six find a graph that fits'
    """
    if not isinstance(answer, int):
        return "a count is a whole number, such as 3"
    hints = {
        6: "that is every call; two of the six find a graph that fits",
        3: "two Python numbers are two constants, and so two graphs",
        2: "a Python number is not a tensor: its value is written into the graph",
        1: "another shape is another graph, and so is each Python number",
    }
    if answer != 4:
        return hints.get(answer, "go through the calls, and ask of each what is new")
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


def sum_of_cubes(answer: Any) -> str | None:
    """Check a compiled function that is traced once for vectors of any length.

    Args:
        answer: A `tf.function` of a float32 vector.

    Returns:
        `None` if it adds the cubes and is not traced again, else a hint.

    Example:
        >>> sum_of_cubes(tf.function(lambda a: tf.reduce_sum(a**3)))
        'right, but traced again for another length; give it an input_signature'
    """
    given = float(answer(tf.constant([1.0, 2.0])))
    if given == 5:
        return "of 1, 2 it gave 5, the sum of squares; the cubes add up to 9"
    if not np.isclose(given, 9):
        return f"of 1, 2 it gave {given:.4g}; the cubes add up to 9"
    if not hasattr(answer, "experimental_get_tracing_count"):
        return "right, but Python runs at every call; compile it with tf.function"
    before = answer.experimental_get_tracing_count()
    longer = float(answer(tf.constant([1.0, -2.0, 3.0])))
    if not np.isclose(longer, 20):
        return f"right for two numbers, but of 1, -2, 3 it gave {longer:.4g}, not 20"
    if answer.experimental_get_tracing_count() != before:
        return "right, but traced again for another length; give it an input_signature"
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


def descend(answer: Any) -> str | None:
    """Check gradient descent on the mean squared error.

    Args:
        answer: A function of `x`, `y`, `learning_rate` and `num_steps`.

    Returns:
        `None` if it takes the right steps, and so ends at least squares, else a hint.

    Example:
        >>> descend(lambda x, y, learning_rate, num_steps: np.zeros((2, 1)))
        'after one step the weights are still 0; assign them to the variable'
    """
    rng = np.random.default_rng(1)
    x = np.hstack([np.ones((16, 1)), rng.random((16, 1))]).astype(np.float32)
    y = x @ np.array([[3.0], [-1.0]], dtype=np.float32)
    one = np.asarray(answer(x, y, learning_rate=0.3, num_steps=1))
    if one.shape != (2, 1):
        return f"expected weights of shape (2, 1), got {one.shape}; start from zeros"
    step = 0.3 * 2 / 16 * x.T @ y
    if np.array_equal(one, np.zeros((2, 1))):
        return "after one step the weights are still 0; assign them to the variable"
    if np.allclose(one, -step, rtol=1e-3):
        return "the first step goes uphill; subtract the gradient"
    if np.allclose(one, 16 * step, rtol=1e-3):
        return "the first step is 16 times too long, for 16 rows; take the mean"
    if np.allclose(one, step / 0.3, rtol=1e-3):
        return "the first step does not depend on the learning rate; multiply by it"
    if not np.allclose(one, step, rtol=1e-3):
        return "the first step from zeros is not learning_rate times the gradient"
    many = np.asarray(answer(x, y, learning_rate=0.3, num_steps=400))
    if np.allclose(many, one):
        return "one step is right, but 400 end there too; repeat it num_steps times"
    if not np.allclose(many, np.linalg.lstsq(x, y)[0], atol=1e-2):
        return "one step is right, but 400 do not end at least squares"
    return None
