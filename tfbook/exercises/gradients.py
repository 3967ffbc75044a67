"""Checks for the exercises of the page *Gradients*."""

from typing import Any

import numpy as np

__all__ = [
    "central_slopes",
    "grams_rate",
    "recorded_slopes",
    "slope_through_origin",
    "unstuck",
]


def recorded_slopes(answer: Any) -> str | None:
    """Check three slopes at 3, where part of the record counts as a constant.

    Args:
        answer: A list of three numbers, or `None` in place of one.

    Returns:
        `None` if all three are right, else a hint for the first that is not.

    Example:
        >>> recorded_slopes([6, None, 6])
        'a: the second factor counts as the constant 3, so the slope is that of 3 w'
    """
    if not isinstance(answer, list | tuple) or len(answer) != 3:
        return "expected a list of three, such as [1, None, 2]"
    for name, slope in zip("abc", answer, strict=True):
        if slope is not None and (
            isinstance(slope, bool) or not isinstance(slope, int | float)
        ):
            return f"{name}: expected a number or None, got {slope!r}"
    a, b, c = answer
    if a == 6:
        return (
            "a: the second factor counts as the constant 3, so the slope is that of 3 w"
        )
    if a is None:
        return "a: the first factor is on the record, so there is a path"
    if a != 3:
        return f"a: expected a slope of 3 w or of w², got {a}"
    if b == 0:
        return "b: without a path the answer is not 0"
    if b is not None:
        return "b: is there any path from w to the result?"
    if c == 12:
        return "c: a part that went through NumPy counts as a constant"
    if c is None:
        return "c: one of the two terms is on the record, and that is enough"
    if c != 6:
        return f"c: expected the slope of w² plus a constant, got {c}"
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
