"""Checks for the exercises of the page *Gradients*."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfbook.exercises._answers import number

__all__ = [
    "central_slopes",
    "recorded_slopes",
    "slope_of_slope",
]


def recorded_slopes(answer: Any) -> str | None:
    """Check three slopes at 3, where part of the record counts as a constant.

    Args:
        answer: Three numbers in a list, a tuple or an array, or `None` in place of one.

    Returns:
        `None` if all three are right, else a hint for the first that is not.

    Example:
        >>> recorded_slopes([6, None, 6])
        'a: the second factor counts as the constant 3, so the slope is that of 3 w'
    """
    given = list(answer) if np.iterable(answer) else []
    if len(given) != 3 or isinstance(answer, str | dict | set):
        return "expected a list of three, such as [1, None, 2]"
    a, b, c = slopes = [None if each is None else number(each) for each in given]
    for name, slope, each in zip("abc", slopes, given, strict=True):
        if slope is None and each is not None:
            return f"{name}: expected a number or None, got {each!r}".split("\n")[0]
    if a == 6:
        return (
            "a: the second factor counts as the constant 3, so the slope is that of 3 w"
        )
    if a is None:
        return "a: the first factor is on the record, so there is a path"
    if a != 3:
        return f"a: expected a slope of 3 w or of w², got {a:g}"
    if b == 0:
        return "b: without a path the answer is not 0"
    if b is not None:
        return "b: is there any path from w to the result?"
    if c == 12:
        return "c: a part that went through NumPy counts as a constant"
    if c is None:
        return "c: one of the two terms is on the record, and that is enough"
    if c != 6:
        return f"c: expected the slope of w² plus a constant, got {c:g}"
    return None


def central_slopes(answer: Any) -> str | None:
    """Check finite differences, one weight at a time.

    Args:
        answer: A function of `function`, a vector `w` and a step `delta`.

    Returns:
        `None` if it gives the slope for each weight, else a hint.

    Example:
        >>> central_slopes(lambda function, w, delta: w)
        'for w0³ + 3 w1 + w0 w2 at (1, 2, 3) and delta 0.5, expected 6.25, 3, 1,
        got 1, 2, 3'
    """
    seen = []

    def function(w: Any) -> Any:
        seen.append(np.array(w, dtype=np.float64))
        return w[0] ** 3 + 3 * w[1] + w[0] * w[2]

    # Of a cubic the finite differences are not the slopes, but these plus delta².
    point, delta = np.array([1.0, 2.0, 3.0]), 0.5
    slopes = np.asarray(answer(function, point.copy(), delta), dtype=np.float64)
    if slopes.shape == ():
        return "expected one slope for each weight, got a single number"
    if slopes.shape != (3,):
        return f"expected a slope for each of 3 weights, got the shape {slopes.shape}"
    right = np.array([6 + delta**2, 3, 1])
    if np.allclose(slopes, 2 * right):
        return "twice too large: the two points are 2 delta apart"
    if any(np.isclose(slopes[0], right[0] + 3 * side) for side in (delta, -delta)):
        return "one-sided: right only where the function is straight; step both ways"
    if np.allclose(slopes, [6, 3, 1], atol=0.01):
        return "those are the slopes themselves; use the delta that is given, 0.5"
    if seen and all(np.ptp(w - point) == 0 for w in seen):
        return "all weights moved at once; move one, and leave the others"
    if np.allclose(slopes, [right[0], 3, point[0] - delta]):
        return "a weight was moved and not put back; move it in a copy of w"
    if not np.allclose(slopes, right):
        return (
            "for w0³ + 3 w1 + w0 w2 at (1, 2, 3) and delta 0.5, expected 6.25, 3, 1, "
            "got " + ", ".join(f"{slope:.4g}" for slope in slopes)
        )
    other = np.array([2.0, -1.0])
    slopes = np.asarray(answer(lambda w: w[0] ** 3 * w[1], other.copy(), 0.25))
    right = np.array([-12 - 0.25**2, 8])
    if slopes.shape != (2,) or not np.allclose(slopes, right):
        return (
            "right for 3 weights; for w0³ w1 at (2, -1) and delta 0.25, expected "
            f"{right[0]:g}, {right[1]:g}, got {slopes.tolist()}"
        )
    return None


def slope_of_slope(answer: Any) -> str | None:
    """Check second derivatives from two tapes.

    Args:
        answer: A function of `function` and of the place, a number.

    Returns:
        `None` if it gives the slope of the slope there, else a hint.

    Example:
        >>> slope_of_slope(lambda function, place: function(place))
        'for w³ at 3 it gave 27, the value; the slope of the slope is 18'
    """
    found = answer(lambda w: w**3, 3.0)
    if found is None:
        return (
            "it returned None; the outer tape sees the slope only if `inner.gradient` "
            "is inside its block"
        )
    value = number(found)
    if value is None:
        return f"expected one number, got {type(found).__name__}"
    if np.isclose(number(answer(lambda w: w**2, 3.0)) or 0, 6):
        return "that is the slope; the slope of the slope has a tape of its own"
    if value == 0:
        return (
            "of w³ at 3 it returned 0; the outer tape sees the slope only if "
            "`inner.gradient` is inside its block"
        )
    if np.isclose(value, 27):
        return "for w³ at 3 it gave 27, the value; the slope of the slope is 18"
    if not np.isclose(value, 18, rtol=1e-4):
        return f"for w³ at 3 expected 18, got {value:.4g}"
    straight = answer(lambda w: 2 * w, 3.0)
    if straight is None or number(straight) != 0:
        return (
            "right for w³; of the straight line 2 w it gave "
            f"{straight}, and the slope of its slope is 0; "
            'gradient takes unconnected_gradients="zero"'
        )
    other = number(answer(tf.sin, 0.5))
    if other is None or not np.isclose(other, -np.sin(0.5), rtol=1e-4):
        return f"right for w³ at 3; for the sine at 0.5 expected -0.4794, got {other}"
    return None
