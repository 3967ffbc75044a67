"""Checks for the exercises of the page *Gradient descent*."""

from typing import Any

import numpy as np

from tfbook.exercises._answers import number

__all__ = ["grams_rate", "slope_through_origin", "unstuck"]


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
    # These errors are at a right angle to x, so that the best weight is the slope.
    errors = x**2 - x * (x**3).sum() / (x**2).sum()
    for slope in (2.5, -0.5):
        try:
            given = answer(x, slope * x + errors)
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
        if given is None:
            return "it returns nothing; return the weight"
        found = number(given)
        if found is None:
            return f"expected the weight, one number, got {type(given).__name__}"
        if found == 0:
            return "the weight is still 0; a variable made from 0 holds whole numbers"
        if not np.isclose(found, slope, atol=0.01):
            return (
                f"for points around y = {slope} x, whose best line has the weight "
                f"{slope}, got {found:.4g}"
            )
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
    if found.size != 1:
        return (
            f"expected one number, got the shape {found.shape}; sum over the examples"
        )
    found = found.reshape(())
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
    x, y = np.array([-2.0, 0.5, 1.0, 3.0]), np.array([1.0, 0.0, -4.0, 1.5])
    found, right = np.asarray(answer(x, y)), (x * y).sum() / (x * x).sum()
    if found.size != 1 or not np.isclose(found.item(), right):
        return (
            "right for three examples; for x = -2, 0.5, 1, 3 and y = 1, 0, -4, 1.5 "
            f"expected {right:.4g}, got {found.tolist()}"
        )
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
    rate = number(answer)
    if rate is None or not 0 < rate < np.inf:
        return "a learning rate is a positive number, such as 0.01"
    power = np.log10(rate)
    if not np.isclose(power, round(power)):
        return f"expected a power of ten, such as 0.01, got {rate:g}"
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
